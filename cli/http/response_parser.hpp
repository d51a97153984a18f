// Bytes in, one HTTP/1.1 response out, no I/O. Boost.Beast does the parsing; it stays in the .cpp,
// because its headers cost three seconds per file that sees them.
//
// feed() stops after the head, so that what follows a 101 is left to whom it belongs: it isn't HTTP
// any more.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "bulkhead/result.hpp"

namespace bulkhead::cli {

class ResponseParser {
 public:
  ResponseParser();
  ~ResponseParser();
  ResponseParser(ResponseParser&&) noexcept;
  ResponseParser& operator=(ResponseParser&&) noexcept;

  // Consumes a prefix of `bytes` and says how long it was; 0 with !done() means that more are
  // needed.
  Result<size_t> feed(std::string_view bytes);
  // The peer closed the connection: the end of a body without a length, an error anywhere else.
  Status end();

  bool head_done() const;
  bool done() const;
  unsigned status() const;
  std::string header(std::string_view name) const;  // "" if absent
  std::string take_body();                          // what was decoded since the last call

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace bulkhead::cli
