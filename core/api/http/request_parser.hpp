// Bytes in, requests out, no I/O: Boost.Beast's parser behind a face that doesn't cost its three
// seconds per file.
//
// The connection feeds what it read; feed() stops after the head and again after each piece of
// body, so that the caller decides where a body goes (memory for JSON, a pipe for an archive)
// before the first byte of it is taken. Limits: head 32 KiB; the body's limit is the caller's,
// because only he knows the route.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "bulkhead/result.hpp"
#include "message.hpp"

namespace bulkhead::api {

class RequestParser {
 public:
  RequestParser();
  ~RequestParser();
  RequestParser(RequestParser&&) noexcept;
  RequestParser& operator=(RequestParser&&) noexcept;

  // Consumes a prefix of `bytes` and says how long it was. 0 with !done() means: more bytes are
  // needed.
  Result<size_t> feed(std::string_view bytes);

  bool head_done() const;
  bool done() const;
  const Head& head() const;
  std::string take_body();  // what has been decoded since the last call

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace bulkhead::api
