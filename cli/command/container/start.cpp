// container start: a stopped container again, in the background or with its streams here.
#include <nlohmann/json.hpp>

#include "command/commands.hpp"
#include "command/container/attached.hpp"
#include "command/container/each.hpp"
#include "command/container/start_body.hpp"
#include "render/field.hpp"

namespace bulkhead::cli {

using nlohmann::json;

namespace {

Result<int> start_attached(Context& context, const Invocation& invocation, const std::string& id,
                           bool interactive) {
  const auto container = context.api().get(container_target(id));
  if (!container) return fail(container.error());
  const AttachedProcess process{container_target(id, "/start"), interactive,
                                flag_at(*container, "configuration.initProcess.terminal")};
  auto end = run_attached(context, process, [&](const json& size) {
    return attached_start(context.environment, invocation.has("cold"), interactive, size);
  });
  if (end.over) (void)context.api().get(container_target(id, "/wait?condition=stopped"));
  return end.status;
}

Result<int> run(Context& context, const Invocation& invocation) {
  const std::string& id = invocation.arguments().front();
  const bool interactive = invocation.has("interactive");
  if (interactive || invocation.has("attach"))
    return start_attached(context, invocation, id, interactive);
  const auto started = context.api().post(
      container_target(id, "/start"), detached_start(context.environment, invocation.has("cold")));
  if (!started) return fail(started.error());
  context.out.line(answered_id(*started, id));
  return 0;
}

constexpr Argument kArguments[] = {{.name = "<container-id>", .completes = Completes::kContainer}};
constexpr Option kOptions[] = {
    {.names = "-a, --attach", .help = "Show the process's output and end with its exit status"},
    {.names = "-i, --interactive", .help = "Forward standard input too"},
    kColdOption,
};
constexpr OptionGroup kGroups[] = {{"Options", kOptions}};

}  // namespace

namespace commands {
constexpr Command container_start = {
    .name = "start",
    .summary = "Start a container that is stopped",
    .section = "Containers",
    .arguments = kArguments,
    .groups = kGroups,
    .run = run,
};
}  // namespace commands

}  // namespace bulkhead::cli
