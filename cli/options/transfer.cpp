#include "options/transfer.hpp"

#include <nlohmann/json.hpp>

#include "options/number.hpp"
#include "options/platform.hpp"

namespace bulkhead::cli {

using nlohmann::json;

namespace {

// More connections are rude to a registry and no faster.
constexpr uint64_t kMostDownloads = 64;

}  // namespace

Result<json> pull_request(const Invocation& invocation, const std::string& reference,
                          const Environment& environment) {
  const auto downloads = parse_number(invocation.value_or_default("max-concurrent-downloads"),
                                      "--max-concurrent-downloads", 1, kMostDownloads);
  if (!downloads) return fail(downloads.error());
  const auto platform = chosen_platform(invocation, environment);
  if (!platform) return fail(platform.error());
  json request = {{"reference", reference},
                  {"scheme", invocation.value_or_default("scheme")},
                  {"maxConcurrentDownloads", *downloads}};
  if (*platform) request["platform"] = (*platform)->to_json();
  return request;
}

}  // namespace bulkhead::cli
