// container create: everything of run but the start. The id is printed.
#include "command/commands.hpp"
#include "command/container/creation.hpp"
#include "command/container/image_here.hpp"

namespace bulkhead::cli {

namespace {

Result<int> run(Context& context, const Invocation& invocation) {
  const auto id = create_container(context, invocation);
  if (!id) return fail(id.error());
  context.out.line(*id);
  return 0;
}

constexpr Option kUlimit[] = {kUlimitOption};
constexpr OptionGroup kGroups[] = {{"Process options", kProcessOptions},
                                   {"Resource limits", kUlimit},
                                   {"Machine options", kResourceOptions},
                                   {"Container options", kManagementOptions},
                                   {"Pull options", kPullOptions}};

}  // namespace

namespace commands {
constexpr Command container_create = {
    .name = "create",
    .summary = "Create a container without starting it",
    .section = "Containers",
    .arguments = kImageAndCommand,
    .groups = kGroups,
    .run = run,
};
}  // namespace commands

}  // namespace bulkhead::cli
