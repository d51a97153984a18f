// Answers of a service that may be anything: the same bytes in one piece and cut in two must mean
// the same.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "client/problem.hpp"
#include "http/response_parser.hpp"

namespace {

using namespace bulkhead;
using namespace bulkhead::cli;

struct Outcome {
  bool failed = false;
  bool done = false;
  unsigned status = 0;
  std::string body;
  std::string rest;

  bool operator==(const Outcome&) const = default;
};

Outcome parse(std::string_view first, std::string_view second) {
  ResponseParser parser;
  Outcome outcome;
  for (const std::string_view piece : {first, second}) {
    outcome.rest += piece;
    while (!outcome.failed && !parser.done()) {
      const auto used = parser.feed(outcome.rest);
      if (used && *used > outcome.rest.size()) abort();
      outcome.failed = !used;
      if (!used || *used == 0) break;
      outcome.rest.erase(0, *used);
    }
    outcome.body += parser.take_body();
  }
  outcome.failed = outcome.failed || !parser.end();
  // After a failure only the failure counts: how much was taken before it depends on the pieces.
  if (outcome.failed) return Outcome{true, false, 0, {}, {}};
  outcome.body += parser.take_body();
  outcome.done = parser.done();
  outcome.status = parser.status();
  return outcome;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data + 1), size - 1);
  const size_t cut = bytes.empty() ? 0 : data[0] % bytes.size();
  const Outcome whole = parse(bytes, {});
  if (!(whole == parse(bytes.substr(0, cut), bytes.substr(cut)))) abort();
  if (problem_of(whole.status, whole.body).message.empty()) abort();
  return 0;
}
