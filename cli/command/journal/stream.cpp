#include "command/journal/stream.hpp"

#include <nlohmann/json.hpp>

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
  const bool raw = format == "json";
  std::string pending;
  while (context.out.failure() == 0) {
    auto piece = exchange->read_piece();
    if (!piece) return fail(std::move(piece.error()));
    if (piece->empty()) break;
    pending += *piece;
    size_t begin = 0;
    for (size_t end; (end = pending.find('\n', begin)) != std::string::npos; begin = end + 1) {
      show_line(context, std::string_view(pending).substr(begin, end - begin), raw);
    }
    pending.erase(0, begin);
  }
  show_line(context, pending, raw);
  return 0;
}

}  // namespace bulkhead::cli
