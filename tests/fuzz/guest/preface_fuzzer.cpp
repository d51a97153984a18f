// The same bytes in one piece and in pieces of the size that the first byte says must be cut into
// the same sessions.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "guest/core/preface_watch.hpp"

namespace {

using bulkhead::guest::PrefaceWatch;

std::vector<std::string> sessions(std::string_view bytes, size_t piece) {
  PrefaceWatch watch;
  std::vector<std::string> result;
  for (; !bytes.empty(); bytes.remove_prefix(std::min(piece, bytes.size()))) {
    std::string_view rest = bytes.substr(0, piece);
    while (!rest.empty()) {
      if (watch.is_searching()) {
        size_t used = watch.search(rest);
        if (used > rest.size()) std::abort();
        rest.remove_prefix(used);
        if (watch.is_searching()) break;
        result.emplace_back();
      }
      size_t own = watch.follow(rest);
      if (own > rest.size() || (own < rest.size() && !watch.is_searching())) std::abort();
      result.back().append(rest.substr(0, own));
      rest.remove_prefix(own);
    }
  }
  return result;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  std::string bytes(PrefaceWatch::kPreface);
  bytes.append(reinterpret_cast<const char*>(data + 1), size - 1);
  // A whole preface within reach of a few mutations.
  for (size_t at = bytes.find('\xff'); at != std::string::npos; at = bytes.find('\xff', at))
    bytes.replace(at, 1, PrefaceWatch::kPreface);
  if (sessions(bytes, SIZE_MAX) != sessions(bytes, size_t{data[0]} + 1)) std::abort();
  return 0;
}
