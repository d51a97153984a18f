// system logs: the service's own log. When it doesn't run, which is when one most wants to read it,
// the end of the file.
#include "command/commands.hpp"
#include "command/context.hpp"
#include "command/invocation.hpp"
#include "http/target.hpp"
#include "io/files.hpp"
#include "options/moment.hpp"

namespace bulkhead::cli {

namespace {

constexpr size_t kMostOfFile = 64 << 10;

// Lines can't be told apart by time here; the end is what explains an end.
Result<int> show_file(Context& context) {
  const std::string path = context.service.log_file();
  auto text = read_file(path);
  if (!text) return fail(std::move(text.error()).context("the service isn't running"));
  if (text->size() > kMostOfFile) text->erase(0, text->find('\n', text->size() - kMostOfFile) + 1);
  context.err.line("The service isn't running; this is the end of " + path + ":");
  context.out.write(*text);
  return 0;
}

Result<int> run(Context& context, const Invocation& invocation) {
  const std::string last = invocation.value_or_default("last");
  const auto length = parse_duration(last, true);
  if (!length)
    return usage("invalid --last value '" + last + "': give seconds, or a number with m, h or d");
  Query query;
  query.add("since", rfc3339(std::chrono::system_clock::now() - *length));
  query.add_if(invocation.has("follow"), "follow", "1");
  context.service.forbid_start();
  auto exchange = context.api().open({"GET", "/v1/system/logs" + query.text()});
  if (!exchange && exchange.error().code == Code::kUnavailable) return show_file(context);
  if (!exchange) return fail(std::move(exchange.error()));
  while (context.out.failure() == 0) {
    const auto piece = exchange->read_piece();
    if (!piece) return fail(piece.error());
    if (piece->empty()) break;
    context.out.write(*piece);
  }
  return 0;
}

constexpr Option kOptions[] = {
    {.names = "-f, --follow", .help = "Go on with what is written"},
    {.names = "--last",
     .value = "<number>[m|h|d]",
     .help = "How far back to begin",
     .fallback = "5m"},
};
constexpr OptionGroup kGroups[] = {{"Options", kOptions}};

}  // namespace

namespace commands {
constexpr Command system_logs = {
    .name = "logs",
    .summary = "Show the service's log",
    .groups = kGroups,
    .run = run,
};
}  // namespace commands

}  // namespace bulkhead::cli
