// Content by its digest. What find() returns is whole and was verified when it came in.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "bulkhead/json.hpp"
#include "bulkhead/result.hpp"
#include "digest.hpp"
#include "file_io.hpp"
#include "layout.hpp"
#include "limits.hpp"
#include "oci_document.hpp"

namespace bulkhead::storage {

class Content {
 public:
  virtual ~Content() = default;
  virtual std::optional<Path> find(const Digest& digest) const = 0;

  bool has(const Digest& digest) const { return find(digest).has_value(); }
  // kNotFound if there is none, kCorrupt if it isn't a JSON object of at most
  // Limits::document_bytes.
  Result<Json> document(const Digest& digest, const Limits& limits) const;
  // The same, for content that a descriptor promises: its size is compared.
  Result<Json> document(const Descriptor& descriptor, const Limits& limits) const;
};

// The blobs of the image layout, and who needs which of them right now.
class ContentStore : public Content {
 public:
  explicit ContentStore(const Layout& layout) : layout_(layout) {}
  std::optional<Path> find(const Digest& digest) const override;
  std::vector<Digest> list() const;

  // While a Pin lives, collection leaves these digests alone, whether they are there yet or not. An
  // operation pins what it relies on before it looks whether it is there.
  class Pin {
   public:
    explicit Pin(ContentStore& store) : store_(store) {}
    Pin(const Pin&) = delete;
    Pin& operator=(const Pin&) = delete;
    ~Pin();
    void add(const Digest& digest);

   private:
    ContentStore& store_;
    std::vector<Digest> digests_;
  };
  std::set<Digest> pinned() const;

 private:
  const Layout& layout_;
  mutable std::mutex mutex_;
  std::multiset<Digest> pins_;
};

}  // namespace bulkhead::storage
