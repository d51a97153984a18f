#include "options/process.hpp"

#include <nlohmann/json.hpp>

#include "io/files.hpp"
#include "options/number.hpp"
#include "options/ulimit.hpp"

namespace bulkhead::cli {

using nlohmann::json;

namespace {

// Ids of Linux users are 32 bits, and the largest means "no id".
constexpr uint64_t kLargestId = UINT32_MAX - 1;

Result<std::vector<std::string>> environment_of(const Invocation& invocation,
                                                const Environment& environment) {
  EnvironmentList list(environment);
  for (const std::string& file : invocation.values("env-file")) {
    const auto text = read_file(file);
    if (!text) return fail(Error(text.error()).context("--env-file"));
    if (auto added = list.add_file(*text, file); !added) return fail(std::move(added.error()));
  }
  for (const std::string& entry : invocation.values("env")) {
    if (auto added = list.add(entry); !added) return fail(std::move(added.error()));
  }
  return list.entries();
}

Status put_id(json& process, const Invocation& invocation, const char* key) {
  const auto text = invocation.value(key);
  if (!text) return {};
  const auto id = parse_number(*text, std::string("--") + key, 0, kLargestId);
  if (!id) return fail(id.error());
  process[key] = *id;
  return {};
}

Status put_rlimits(json& process, const Invocation& invocation) {
  if (find_option(invocation.command(), "ulimit") == nullptr) return {};  // exec has none
  process["rlimits"] = json::array();
  const auto limits = parse_ulimits(invocation.values("ulimit"));
  if (!limits) return fail(limits.error());
  for (const Ulimit& limit : *limits) {
    process["rlimits"].push_back({{"limit", limit.limit},
                                  {"soft", static_cast<int64_t>(limit.soft)},
                                  {"hard", static_cast<int64_t>(limit.hard)}});
  }
  return {};
}

}  // namespace

Result<json> process_request(const Invocation& invocation, std::vector<std::string> arguments,
                             const Environment& environment) {
  auto variables = environment_of(invocation, environment);
  if (!variables) return fail(std::move(variables.error()));
  json process = {{"arguments", std::move(arguments)},
                  {"environment", std::move(*variables)},
                  {"terminal", invocation.has("tty")},
                  {"interactive", invocation.has("interactive")}};
  auto directory = invocation.value("workdir");
  if (!directory) directory = invocation.value("cwd");
  if (directory) process["workingDirectory"] = *directory;
  if (const auto user = invocation.value("user")) process["user"] = *user;
  for (const char* key : {"uid", "gid"}) {
    if (auto ok = put_id(process, invocation, key); !ok) return fail(std::move(ok.error()));
  }
  if (auto ok = put_rlimits(process, invocation); !ok) return fail(std::move(ok.error()));
  return process;
}

}  // namespace bulkhead::cli
