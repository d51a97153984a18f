// events: the journal, from its beginning or a point in it, to its end or as it grows.
#include <nlohmann/json.hpp>

#include "command/commands.hpp"
#include "command/journal/stream.hpp"
#include "http/target.hpp"
#include "options/moment.hpp"
#include "options/number.hpp"
#include "render/field.hpp"

namespace bulkhead::cli {

namespace {

bool is_number(const std::string& text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string::npos;
}

// --until takes an event number too.
Result<std::string> parse_until(const std::string& text, Moment now) {
  if (is_number(text)) return text;
  return parse_moment(text, "--until", now);
}

Status add_numbers(Query& query, const Invocation& invocation) {
  for (const auto& [option, key] :
       {std::pair("root", "root"), std::pair("actor-uid", "uid"), std::pair("limit", "limit")}) {
    const auto text = invocation.value(option);
    if (!text) continue;
    if (const auto number = parse_number(*text, std::string("--") + option); !number) {
      return fail(number.error());
    }
    query.add(key, *text);
  }
  return {};
}

Result<Query> events_query(const Invocation& invocation, Moment now) {
  Query query;
  if (const auto text = invocation.value("since")) {
    const auto since = parse_moment(*text, "--since", now);
    if (!since) return fail(since.error());
    query.add("since", *since);
  }
  if (const auto text = invocation.value("until")) {
    const auto until = parse_until(*text, now);
    if (!until) return fail(until.error());
    query.add("until", *until);
  }
  for (const char* key : {"after", "stream", "type", "phase"}) {
    if (const auto text = invocation.value(key)) query.add(key, *text);
  }
  if (auto ok = add_numbers(query, invocation); !ok) return fail(std::move(ok.error()));
  return query.add_if(invocation.has("follow"), "follow", "1");
}

// What happens is followed from now on, unless a point in the past was named.
Result<std::string> target_of(Context& context, const Invocation& invocation, Query query) {
  const bool from_now = invocation.has("follow") && !invocation.value("since") &&
                        !invocation.value("after") && !invocation.value("root");
  if (from_now) {
    const auto system = context.api().get("/v1/system");
    if (!system) return fail(system.error());
    query.add("after", text_at(*system, "journal.id") + ":" + text_at(*system, "journal.seq"));
  }
  return "/v1/events" + query.text();
}

Result<int> run(Context& context, const Invocation& invocation) {
  auto query = events_query(invocation, std::chrono::system_clock::now());
  if (!query) return fail(query.error());
  const auto target = target_of(context, invocation, std::move(*query));
  if (!target) return fail(target.error());
  return show_events(context, *target, invocation.value_or_default("format"));
}

constexpr Option kOptions[] = {
    {.names = "--since",
     .value = "<time>",
     .help = "Events after a time: RFC 3339, or 10m, 2h, 1d ago"},
    {.names = "--until", .value = "<time|seq>", .help = "Events up to a time or an event number"},
    {.names = "--after",
     .value = "<cursor>",
     .help = "Events after <seq> or <journal>:<seq>, as a follower is told"},
    {.names = "--stream",
     .value = "<pattern>",
     .help = "Only streams like this, e.g. 'container/*'"},
    {.names = "--type", .value = "<pattern>", .help = "Only types like this, e.g. 'container.*'"},
    {.names = "--phase",
     .value = "<phase>",
     .help = "Only this phase",
     .choices = "fact|intent|outcome"},
    {.names = "--root", .value = "<seq>", .help = "Only what this event began"},
    {.names = "--actor-uid", .value = "<uid>", .help = "Only what this user asked for"},
    {.names = "--limit", .value = "<number>", .help = "At most so many"},
    {.names = "-f, --follow",
     .help = "Go on with events as they happen; from now on, unless --since, --after or --root "
             "says otherwise"},
    kEventFormatOption,
};
constexpr OptionGroup kGroups[] = {{"Options", kOptions}};

}  // namespace

namespace commands {
constexpr Command events = {
    .name = "events",
    .summary = "Show what happened, from the journal",
    .section = "Journal",
    .groups = kGroups,
    .run = run,
};
}  // namespace commands

}  // namespace bulkhead::cli
