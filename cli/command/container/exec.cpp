// container exec: one more process in a running container.
#include <nlohmann/json.hpp>

#include "command/commands.hpp"
#include "command/container/attached.hpp"
#include "command/container/each.hpp"
#include "options/process.hpp"

namespace bulkhead::cli {

using nlohmann::json;

namespace {

Result<int> run(Context& context, const Invocation& invocation) {
  const auto& words = invocation.arguments();
  const std::string target = container_target(words.front(), "/exec");
  auto process = process_request(invocation, {words.begin() + 1, words.end()}, context.environment);
  if (!process) return fail(std::move(process.error()));
  if (invocation.has("detach")) {
    const auto started = context.api().post(target, {{"process", *process}, {"detach", true}});
    if (!started) return fail(started.error());
    context.out.line(answered_id(*started, words.front()));
    return 0;
  }
  const AttachedProcess attached{target, invocation.has("interactive"), invocation.has("tty")};
  return run_attached(context, attached,
                      [&](const json& size) {
                        if (!size.is_null()) (*process)["size"] = size;
                        return json{{"process", *process}, {"detach", false}};
                      })
      .status;
}

constexpr Argument kArguments[] = {
    {.name = "<container-id>", .completes = Completes::kContainer},
    {.name = "<argument>",
     .help = "The command line of the process",
     .min = 1,
     .max = kMany,
     .raw = true},
};
constexpr Option kOptions[] = {
    {.names = "-d, --detach", .help = "Run in the background and print the container's id"},
};
constexpr OptionGroup kGroups[] = {{"Options", kOptions}, {"Process options", kProcessOptions}};

}  // namespace

namespace commands {
constexpr Command container_exec = {
    .name = "exec",
    .summary = "Run a command in a running container",
    .section = "Containers",
    .arguments = kArguments,
    .groups = kGroups,
    .run = run,
};
}  // namespace commands

}  // namespace bulkhead::cli
