// container stop: the signal, the time to act on it, then SIGKILL; all in the service. Stopping
// what is stopped is fine.
#include <nlohmann/json.hpp>

#include "command/commands.hpp"
#include "command/container/each.hpp"
#include "options/number.hpp"

namespace bulkhead::cli {

using nlohmann::json;

namespace {

Result<int> run(Context& context, const Invocation& invocation) {
  json body = json::object();
  if (const auto signal = invocation.value("signal")) body["signal"] = signal_of(*signal);
  const auto seconds = parse_number(invocation.value_or_default("time"), "--time", 0, 86400);
  if (!seconds) return fail(seconds.error());
  body["timeoutSeconds"] = *seconds;
  const auto ids = named_containers(context, invocation, [&] {
    return list_containers(context, [](const std::string& state) {
      return state == "running" || state == "stopping";
    });
  });
  if (!ids) return fail(ids.error());
  return for_each_container(context, invocation, *ids, [&](const std::string& id) {
    return Request{"POST", container_target(id, "/stop"), body_of(body)};
  });
}

constexpr Argument kArguments[] = {
    {.name = "<container-id>", .min = 0, .max = kMany, .completes = Completes::kContainer}};
constexpr Option kOptions[] = {
    {.names = "-a, --all", .help = "Stop all running containers"},
    {.names = "-s, --signal",
     .value = "<signal>",
     .help = "Signal to send; the image's stop signal or TERM by default"},
    {.names = "-t, --time",
     .value = "<seconds>",
     .help = "Seconds to wait before SIGKILL",
     .fallback = "5"},
};
constexpr OptionGroup kGroups[] = {{"Options", kOptions}};

}  // namespace

namespace commands {
constexpr Command container_stop = {
    .name = "stop",
    .summary = "Stop running containers",
    .section = "Containers",
    .arguments = kArguments,
    .groups = kGroups,
    .run = run,
};
}  // namespace commands

}  // namespace bulkhead::cli
