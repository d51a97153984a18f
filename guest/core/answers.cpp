#include "guest/core/answers.hpp"

#include <nlohmann/json.hpp>

namespace bulkhead::guest {
namespace {

// A message may quote an image's file names, which needn't be UTF-8.
std::string dump(const nlohmann::json& json) {
  return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace

std::string error_body(const Error& error) {
  return dump({{"code", static_cast<int32_t>(error.code)}, {"message", error.message}});
}

std::string ping_body(std::string_view version, uint64_t uptime_us) {
  return dump({{"version", version}, {"uptimeUs", uptime_us}});
}

std::string container_body(std::string_view version) {
  return R"({"version":")" + std::string(version) + R"("})";
}

std::string kernel_log_body(std::string_view text) {
  return dump({{"text", text}});
}

}  // namespace bulkhead::guest
