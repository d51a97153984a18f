#include "command/journal/stream.hpp"

#include <nlohmann/json.hpp>

#include "client/line_stream.hpp"
#include "render/event.hpp"

namespace bulkhead::cli {

using nlohmann::json;

namespace {

// Cursor and caught-up marks are for programs that resume; a person sees events only.
void show_line(Context& context, std::string_view line, bool raw) {
  if (line.empty()) return;
  if (raw) {
    context.out.line(line);
    return;
  }
  const json event = json::parse(line, nullptr, false);
  if (event.is_object() && event.contains("seq") && event.contains("type")) {
    context.out.line(event_line(event));
  }
}

}  // namespace

Result<int> show_events(Context& context, const std::string& target, const std::string& format) {
  auto exchange = context.api().open({"GET", target});
  if (!exchange) return fail(std::move(exchange.error()));
  LineStream lines(std::move(*exchange));
  const bool raw = format == "json";
  while (context.out.failure() == 0) {
    const auto line = lines.next();
    if (!line) return fail(line.error());
    if (!*line) break;
    show_line(context, **line, raw);
  }
  return 0;
}

}  // namespace bulkhead::cli
