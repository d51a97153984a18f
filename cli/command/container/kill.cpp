// container kill: one signal, KILL by default; after KILL the answer comes when the container has
// ended.
#include <nlohmann/json.hpp>

#include "command/commands.hpp"
#include "command/container/each.hpp"

namespace bulkhead::cli {

using nlohmann::json;

namespace {

Result<int> run(Context& context, const Invocation& invocation) {
  const json body = {{"signal", signal_of(invocation.value_or_default("signal"))}};
  const auto ids = named_containers(context, invocation, [&] {
    return list_containers(context, [](const std::string& state) {
      return state == "running" || state == "stopping";
    });
  });
  if (!ids) return fail(ids.error());
  return for_each_container(context, invocation, *ids, [&](const std::string& id) {
    return Request{"POST", container_target(id, "/kill"), body_of(body)};
  });
}

constexpr Argument kArguments[] = {
    {.name = "<container-id>", .min = 0, .max = kMany, .completes = Completes::kContainer}};
constexpr Option kOptions[] = {
    {.names = "-a, --all", .help = "Send the signal to all running containers"},
    {.names = "-s, --signal",
     .value = "<signal>",
     .help = "Signal, by name or number",
     .fallback = "KILL"},
};
constexpr OptionGroup kGroups[] = {{"Options", kOptions}};

}  // namespace

namespace commands {
constexpr Command container_kill = {
    .name = "kill",
    .summary = "Send a signal to running containers",
    .section = "Containers",
    .arguments = kArguments,
    .groups = kGroups,
    .run = run,
};
}  // namespace commands

}  // namespace bulkhead::cli
