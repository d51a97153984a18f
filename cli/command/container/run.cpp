// container run: create, start attached, end as the process ends.
//
// A container whose start failed is removed, whatever --rm says: nobody asked for it to be there.
// The file with its id goes with it.
// Afterwards run waits until the service has written down the end, so that the next command sees
// the container stopped or gone.
#include <unistd.h>

#include <nlohmann/json.hpp>

#include "command/commands.hpp"
#include "command/container/attached.hpp"
#include "command/container/creation.hpp"
#include "command/container/each.hpp"
#include "command/container/image_here.hpp"
#include "command/container/start_body.hpp"

namespace bulkhead::cli {

using nlohmann::json;

namespace {

// Best effort: the error that the user reads is the start's, without advice to look at what is
// gone.
Error remove(Context& context, const Invocation& invocation, const std::string& id, Error why) {
  (void)context.api().send({"DELETE", container_target(id, "?force=1")});
  if (const auto file = invocation.value("cidfile")) unlink(file->c_str());
  if (why.hint.find("container logs") != std::string::npos)
    why.hint =
        "`container create` and `container start` keep the container, and with it "
        "`container logs --boot`";
  return why;
}

Result<int> start_detached(Context& context, const Invocation& invocation, const std::string& id) {
  const auto started = context.api().post(
      container_target(id, "/start"), detached_start(context.environment, invocation.has("cold")));
  if (!started) return fail(remove(context, invocation, id, started.error()));
  context.out.line(id);
  return 0;
}

Result<int> run(Context& context, const Invocation& invocation) {
  const auto id = create_container(context, invocation);
  if (!id) return fail(id.error());
  if (invocation.has("detach")) return start_detached(context, invocation, *id);

  const bool interactive = invocation.has("interactive");
  const AttachedProcess process{container_target(*id, "/start"), interactive,
                                invocation.has("tty")};
  auto end = run_attached(context, process, [&](const json& size) {
    return attached_start(context.environment, invocation.has("cold"), interactive, size);
  });
  if (!end.status) {
    Error why = std::move(end.status.error());
    return fail(end.may_still_run ? why : remove(context, invocation, *id, why));
  }
  const bool removed = invocation.has("rm") || invocation.has("remove");
  const std::string condition = removed ? "removed" : "stopped";
  (void)context.api().get(container_target(*id, "/wait?condition=" + condition));
  return *end.status;
}

constexpr Option kUlimit[] = {kUlimitOption};
constexpr Option kStart[] = {kColdOption};
constexpr OptionGroup kGroups[] = {
    {"Process options", kProcessOptions},      {"Resource limits", kUlimit},
    {"Machine options", kResourceOptions},     {"Start options", kStart},
    {"Container options", kManagementOptions}, {"Pull options", kPullOptions}};

}  // namespace

namespace commands {
constexpr Command container_run = {
    .name = "run",
    .summary = "Run a command in a new container",
    .details =
        "Without a terminal, signals go on to the process; the third SIGINT or SIGTERM ends this "
        "command and leaves the process alone. With one, a signal that comes before the process "
        "runs ends this command and removes the container.",
    .section = "Containers",
    .arguments = kImageAndCommand,
    .groups = kGroups,
    .run = run,
};
}  // namespace commands

}  // namespace bulkhead::cli
