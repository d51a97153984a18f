// Content is named by its SHA-256, "sha256:<64 hex digits>". A Digest is always well-formed:
// whoever holds one may use its hex as a file name. The OCI specification knows other algorithms;
// nothing in the wild uses them for images.
#pragma once

#include <compare>
#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "bulkhead/result.hpp"

struct evp_md_ctx_st;

namespace bulkhead::storage {

using Bytes = std::span<const std::byte>;

inline Bytes bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text));
}

class Digest {
 public:
  static Result<Digest> parse(std::string_view text);    // "sha256:<hex>"
  static Result<Digest> from_hex(std::string_view hex);  // "<hex>"
  static Digest of(Bytes content);

  const std::string& hex() const { return hex_; }
  std::string text() const { return "sha256:" + hex_; }
  // For sentences: enough to tell blobs apart, short enough to read.
  std::string brief() const { return "sha256:" + hex_.substr(0, 12); }

  auto operator<=>(const Digest&) const = default;

 private:
  friend class Sha256;
  explicit Digest(std::string hex) : hex_(std::move(hex)) {}
  std::string hex_;
};

// SHA-256 of bytes as they pass by.
class Sha256 {
 public:
  Sha256();
  void update(Bytes bytes);
  Digest finish();  // once

 private:
  struct Free {
    void operator()(evp_md_ctx_st* context) const;
  };
  std::unique_ptr<evp_md_ctx_st, Free> context_;
};

}  // namespace bulkhead::storage
