// volume delete: the volumes and what is in them; one that a container mounts, even a stopped one,
// stays.
#include <nlohmann/json.hpp>

#include "command/commands.hpp"
#include "command/container/each.hpp"
#include "http/target.hpp"
#include "render/field.hpp"

namespace bulkhead::cli {

namespace {

Result<std::vector<std::string>> names_in(Context& context, const Invocation& invocation) {
  if (!invocation.has("all")) {
    if (invocation.arguments().empty()) {
      return usage("no volume is named: give at least one name, or --all");
    }
    return without_repetition(invocation.arguments());
  }
  if (!invocation.arguments().empty()) {
    return usage("volume names conflict with --all: name volumes or take all of them");
  }
  const auto volumes = context.api().get("/v1/volumes");
  if (!volumes) return fail(volumes.error());
  std::vector<std::string> all;
  for (const auto& volume : *volumes) all.push_back(text_at(volume, "id"));
  return all;
}

Result<int> run(Context& context, const Invocation& invocation) {
  const auto names = names_in(context, invocation);
  if (!names) return fail(names.error());
  int status = 0;
  for (const std::string& name : *names) {
    const auto answer = context.api().send({"DELETE", "/v1/volumes/" + percent_encode(name)});
    if (answer) {
      context.out.line(name);
    } else {
      tell_error(context, answer.error());
      status = 1;
    }
  }
  return status;
}

constexpr Argument kArguments[] = {
    {.name = "<name>", .min = 0, .max = kMany, .completes = Completes::kVolume}};
constexpr Option kOptions[] = {{.names = "-a, --all", .help = "Delete all volumes"}};
constexpr OptionGroup kGroups[] = {{"Options", kOptions}};

}  // namespace

namespace commands {
constexpr Command volume_delete = {
    .name = "delete",
    .aliases = "rm",
    .summary = "Delete volumes",
    .arguments = kArguments,
    .groups = kGroups,
    .run = run,
};
}  // namespace commands

}  // namespace bulkhead::cli
