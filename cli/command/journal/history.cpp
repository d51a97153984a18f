// history: the story of one container, image, network or volume: its own events and those that
// belong to them.
#include "command/commands.hpp"
#include "command/journal/stream.hpp"
#include "http/target.hpp"
#include "options/number.hpp"

namespace bulkhead::cli {

namespace {

Result<int> run(Context& context, const Invocation& invocation) {
  Query query;
  query.add_if(invocation.has("follow"), "follow", "1");
  if (const auto limit = invocation.value("limit")) {
    if (const auto number = parse_number(*limit, "--limit"); !number) return fail(number.error());
    query.add("limit", *limit);
  }
  return show_events(context,
                     "/v1/history/" + percent_encode(invocation.arguments()[0]) + query.text(),
                     invocation.value_or_default("format"));
}

constexpr Argument kArguments[] = {
    {.name = "<name>", .help = "A container, image, network or volume", .completes = Completes::kContainer}};
constexpr Option kOptions[] = {
    {.names = "--limit", .value = "<number>", .help = "At most so many"},
    {.names = "-f, --follow", .help = "Go on with events as they happen"},
    kEventFormatOption,
};
constexpr OptionGroup kGroups[] = {{"Options", kOptions}};

}  // namespace

namespace commands {
constexpr Command history = {
    .name = "history",
    .summary = "Show the story of a container, image, network or volume",
    .section = "Journal",
    .arguments = kArguments,
    .groups = kGroups,
    .run = run,
};
}  // namespace commands

}  // namespace bulkhead::cli
