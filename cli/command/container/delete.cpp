// container delete: stopped containers, with --force running ones too. --all without --force leaves
// the running alone.
#include "command/commands.hpp"
#include "command/container/each.hpp"

namespace bulkhead::cli {

namespace {

Result<int> run(Context& context, const Invocation& invocation) {
  const bool force = invocation.has("force");
  const auto ids = named_containers(context, invocation, [&] {
    return list_containers(context, [force](const std::string& state) {
      return force || (state != "running" && state != "stopping");
    });
  });
  if (!ids) return fail(ids.error());
  return for_each_container(context, invocation, *ids, [&](const std::string& id) {
    return Request{"DELETE", container_target(id, force ? "?force=1" : "")};
  });
}

constexpr Argument kArguments[] = {
    {.name = "<container-id>", .min = 0, .max = kMany, .completes = Completes::kContainer}};
constexpr Option kOptions[] = {
    {.names = "-a, --all", .help = "Delete all containers; running ones only with --force"},
    {.names = "-f, --force", .help = "Delete running containers too; they are killed"},
};
constexpr OptionGroup kGroups[] = {{"Options", kOptions}};

}  // namespace

namespace commands {
constexpr Command container_delete = {
    .name = "delete",
    .aliases = "rm",
    .summary = "Delete containers",
    .section = "Containers",
    .arguments = kArguments,
    .groups = kGroups,
    .run = run,
};
}  // namespace commands

}  // namespace bulkhead::cli
