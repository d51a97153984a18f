#include "command/image/transfer.hpp"

#include <poll.h>

#include <cerrno>
#include <nlohmann/json.hpp>

#include "client/line_stream.hpp"
#include "client/problem.hpp"
#include "command/container/each.hpp"
#include "render/field.hpp"

namespace bulkhead::cli {

using nlohmann::json;

namespace {

Instant now() {
  return std::chrono::steady_clock::now();
}

// Draws what is due while nothing comes.
Exchange::Wait drawing(TransferDisplay& display) {
  return [&display](int fd) -> Status {
    while (true) {
      pollfd waiting{fd, POLLIN, 0};
      const int ready = poll(&waiting, 1, display.wait_ms(now()));
      if (ready > 0) return {};
      if (ready < 0 && errno != EINTR) return fail_errno("poll", errno);
      display.draw(now());
    }
  };
}

Result<json> follow(LineStream& lines, TransferDisplay& display) {
  const Exchange::Wait wait = drawing(display);
  while (true) {
    const auto line = lines.next(wait);
    if (!line) return fail(line.error());
    if (!*line) {
      return fail(Code::kUnavailable, "the service ended before this was done",
                  "`container system logs` may say why; what has come so far is kept");
    }
    const json event = json::parse(**line, nullptr, false);
    display.take(**line, event, now());
    const std::string kind = text_at(event, "event");
    if (kind == "done") return at(event, "result");
    if (kind == "failed") {
      const json& problem = at(event, "problem");
      return fail(
          problem_of(static_cast<unsigned>(number_at(problem, "status")), body_of(problem)));
    }
    display.draw(now());
  }
}

}  // namespace

ProgressStyle progress_style(Context& context, const Invocation& invocation) {
  return progress_style(invocation.value_or_default("progress"), context.err, context.environment);
}

Result<json> transfer(Context& context, const std::string& target, const json& request,
                      ProgressStyle style) {
  auto exchange = context.api().open({"POST", target + "?progress=1", body_of(request)});
  if (!exchange) return fail(std::move(exchange.error()));
  TransferDisplay display(context.err, style, context.environment, now());
  LineStream lines(std::move(*exchange));
  auto result = follow(lines, display);
  if (result) {
    display.finish(now());
  } else {
    display.abandon(now());
  }
  return result;
}

}  // namespace bulkhead::cli
