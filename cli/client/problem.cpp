#include "client/problem.hpp"

#include <csignal>
#include <nlohmann/json.hpp>

#include "command/table.hpp"

namespace bulkhead::cli {

using nlohmann::json;

namespace {

Code code_of_status(unsigned status) {
  switch (status) {
    case 400:
      return Code::kInvalid;
    case 403:
      return Code::kDenied;
    case 404:
      return Code::kNotFound;
    case 409:
      return Code::kConflict;
    case 501:
      return Code::kUnsupported;
    case 503:
      return Code::kUnavailable;
    default:
      return Code::kInternal;
  }
}

std::string text_of(const json& document, const char* key) {
  const auto found = document.find(key);
  return found != document.end() && found->is_string() ? found->get<std::string>() : std::string();
}

}  // namespace

Error problem_of(unsigned status, const std::string& body) {
  Error error{code_of_status(status), {}, {}};
  const json document = json::parse(body, nullptr, false);
  if (document.is_object()) {
    error.message = text_of(document, "detail");
    if (error.message.empty()) error.message = text_of(document, "title");
    error.hint = text_of(document, "hint");
    const auto code = document.find("code");
    if (code != document.end() && code->is_number_integer()) {
      error.code = static_cast<Code>(code->get<int32_t>());
    }
  }
  if (error.message.empty()) {
    error.message = "the service answered with status " + std::to_string(status);
  }
  return error;
}

int exit_status_of(const Error& error) {
  if (error.code == kUsage) return 64;
  if (error.code == Code::kCommandNotFound) return 127;
  if (error.code == Code::kCommandNotExecutable) return 126;
  const int code = static_cast<int>(error.code);
  return code > 128 && code <= 128 + SIGRTMAX ? code : 1;
}

}  // namespace bulkhead::cli
