// An answer of lines (NDJSON), one after the other as they come, however the connection cuts them.
#pragma once

#include <optional>
#include <string>
#include <utility>

#include "bulkhead/result.hpp"
#include "client/exchange.hpp"

namespace bulkhead::cli {

class LineStream {
 public:
  explicit LineStream(Exchange exchange) : exchange_(std::move(exchange)) {}

  // The next line, without its end; nothing at the end of the answer. What follows the last "\n" is
  // a line too if it isn't empty. A line is at most 16 MiB.
  Result<std::optional<std::string>> next(const Exchange::Wait& wait = {});

 private:
  Exchange exchange_;
  std::string pending_;
  size_t begin_ = 0;     // of the line to come
  size_t searched_ = 0;  // up to here there is no end of it
};

}  // namespace bulkhead::cli
