// help [<subcommand>...]: the same page as --help at that place.
#include "command/commands.hpp"
#include "command/context.hpp"
#include "command/help.hpp"
#include "command/invocation.hpp"

namespace bulkhead::cli {

namespace {

Result<int> run(Context& context, const Invocation& invocation) {
  const Found found = find_command(commands::root, invocation.arguments());
  if (found.command == nullptr) {
    std::string words;
    for (const std::string& word : invocation.arguments()) words += " " + word;
    return usage("unknown command 'container" + words + "'");
  }
  context.out.write(help_page(*found.command, found.path));
  return 0;
}

constexpr Argument kArguments[] = {
    {.name = "<subcommand>", .min = 0, .max = kMany, .completes = Completes::kCommand}};

}  // namespace

namespace commands {
constexpr Command help = {
    .name = "help",
    .summary = "Show help for a command",
    .section = "Other",
    .arguments = kArguments,
    .run = run,
};
}  // namespace commands

}  // namespace bulkhead::cli
