#include "problem.hpp"

#include "http/message.hpp"

namespace bulkhead::api {
namespace {

struct Row {
  Code code;
  int status;
  const char* slug;
};

constexpr Row kRows[] = {
    {Code::kInternal, 500, "internal"},
    {Code::kUnsupported, 501, "unsupported"},
    {Code::kNotFound, 404, "not-found"},
    {Code::kConflict, 409, "conflict"},
    {Code::kDenied, 403, "denied"},
    {Code::kInvalid, 400, "invalid"},
    {Code::kRetry, 503, "retry"},
    {Code::kNoSpace, 507, "no-space"},
    {Code::kCorrupt, 422, "corrupt"},
    {Code::kTimeout, 504, "timeout"},
    {Code::kUnavailable, 503, "unavailable"},
    {Code::kCommandNotExecutable, 422, "command-not-executable"},
    {Code::kCommandNotFound, 422, "command-not-found"},
};

const Row& row(Code code) {
  for (const Row& candidate : kRows)
    if (candidate.code == code) return candidate;
  return kRows[0];
}

}  // namespace

int http_status(Code code) {
  return row(code).status;
}

nlohmann::json problem_document(const Error& error, int status) {
  const Row& found = row(error.code);
  if (status == 0) status = found.status;
  nlohmann::json document = {{"type", std::string("urn:bulkhead:error:") + found.slug},
                             {"title", reason_phrase(status)},
                             {"status", status},
                             {"detail", error.message},
                             {"code", static_cast<int>(error.code)}};
  if (!error.hint.empty()) document["hint"] = error.hint;
  return document;
}

}  // namespace bulkhead::api
