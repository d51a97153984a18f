// Any bytes as a request on the API's socket, in pieces whose sizes come from the bytes themselves:
// the parser must neither crash nor go round in circles, and a parsed target must be safe to use.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "core/api/http/request_parser.hpp"

using bulkhead::api::parse_target;
using bulkhead::api::RequestParser;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view input(reinterpret_cast<const char*>(data), size);
  RequestParser parser;
  std::string pending;
  while (!input.empty() && !parser.done()) {
    size_t piece = 1 + static_cast<unsigned char>(input.front()) % 64;
    pending += input.substr(0, piece);
    input.remove_prefix(std::min(piece, input.size()));
    for (;;) {
      auto used = parser.feed(pending);
      if (!used) return 0;
      if (*used > pending.size()) abort();
      pending.erase(0, *used);
      parser.take_body();
      if (*used == 0 || pending.empty() || parser.done()) break;
    }
  }
  if (parser.head_done()) {
    if (auto target = parse_target(parser.head().target)) {
      for (const auto& part : target->path)
        if (part.find('\0') != part.npos) abort();
    }
  }
  return 0;
}
