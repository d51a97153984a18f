// history: one container's or image's story: its own events and those that belong to them.
//
// The journal knows whole names, also of what is long gone. What it doesn't know may be the prefix
// of a container that is there, as other commands take it.
#include <nlohmann/json.hpp>

#include "command/commands.hpp"
#include "command/journal/stream.hpp"
#include "http/target.hpp"
#include "options/number.hpp"
#include "render/field.hpp"

namespace bulkhead::cli {

namespace {

Result<int> run(Context& context, const Invocation& invocation) {
  Query query;
  query.add_if(invocation.has("follow"), "follow", "1");
  if (const auto limit = invocation.value("limit")) {
    if (const auto number = parse_number(*limit, "--limit"); !number) return fail(number.error());
    query.add("limit", *limit);
  }
  const auto show = [&](const std::string& name) {
    return show_events(context, "/v1/history/" + percent_encode(name) + query.text(),
                       invocation.value_or_default("format"));
  };
  const std::string& name = invocation.arguments()[0];
  auto shown = show(name);
  if (shown || shown.error().code != Code::kNotFound) return shown;
  const auto container = context.api().get(container_target(name));
  if (container) return show(text_at(*container, "id"));
  return container.error().code == Code::kConflict ? fail(container.error()) : shown;
}

constexpr Argument kArguments[] = {
    {.name = "<name>", .help = "A container or an image", .completes = Completes::kContainer}};
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
    .summary = "Show the story of a container or an image",
    .section = "Journal",
    .arguments = kArguments,
    .groups = kGroups,
    .run = run,
};
}  // namespace commands

}  // namespace bulkhead::cli
