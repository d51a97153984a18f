// Who gets the signals depends on who has the terminal. With the user's terminal in raw mode keys
// are bytes, Ctrl-C among them, and a signal from elsewhere is for this program, which puts the
// terminal back and ends. Before the machine has booted the terminal isn't raw yet, and the first
// request to end is an error like others, so that the caller can undo what it has done. Otherwise
// signals are for the process, also those that arrive while its machine still boots; three requests
// to end while nothing happens end this program.
#include "command/container/attached.hpp"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <nlohmann/json.hpp>
#include <optional>
#include <vector>

#include "client/attach.hpp"
#include "command/container/each.hpp"
#include "terminal/raw_mode.hpp"

namespace bulkhead::cli {

using nlohmann::json;

namespace {

constexpr int kResizeOnly[] = {SIGWINCH};
constexpr int kBeforeRaw[] = {SIGWINCH, SIGINT, SIGTERM, SIGHUP};

// Takes the signals that came before there was a process; fails if they end the command.
Status take_early(SignalQueue& signals, bool raw, std::vector<int>& early) {
  while (const auto signal = signals.next()) {
    if (raw && *signal != SIGWINCH) {
      return fail(interrupted_by(*signal), "interrupted while the process was being started");
    }
    early.push_back(*signal);
  }
  const auto requests = std::count_if(
      early.begin(), early.end(), [](int signal) { return signal == SIGINT || signal == SIGTERM; });
  if (requests >= 3) {
    return fail(Code::kUnavailable, "asked to end three times while the process was being started");
  }
  return {};
}

// Waits for the connection and collects the signals that come meanwhile.
Status wait_collecting(int connection, SignalQueue& signals, bool raw, std::vector<int>& early) {
  while (true) {
    pollfd waiting[] = {{connection, POLLIN, 0}, {signals.fd(), POLLIN, 0}};
    if (poll(waiting, 2, -1) < 0 && errno != EINTR)
      return fail_errno("wait for the service", errno);
    if (auto ok = take_early(signals, raw, early); !ok) return ok;
    if (waiting[0].revents != 0) return {};
  }
}

json size_of_terminal(int fd) {
  const auto size = window_size(fd);
  return size ? json{{"rows", size->rows}, {"cols", size->columns}} : json();
}

}  // namespace

AttachedEnd run_attached(Context& context, const AttachedProcess& process,
                         const std::function<json(const json& size)>& body_with_size) {
  const bool raw = process.terminal && process.interactive && isatty(context.in) == 1;
  std::optional<SignalQueue> signals(std::in_place,
                                     raw ? std::span<const int>(kBeforeRaw) : forwarded_signals());
  const bool sized = process.terminal && context.out.is_terminal();
  AttachStreams streams{process.interactive ? context.in : -1, context.out.fd(), context.err.fd(),
                        sized ? context.out.fd() : -1};

  Request request{"POST", process.target};
  request.body = body_of(body_with_size(sized ? size_of_terminal(context.out.fd()) : json()));
  request.upgrade = true;
  std::vector<int> early;
  auto exchange = context.api().open(
      request, [&](int connection) { return wait_collecting(connection, *signals, raw, early); });
  if (!exchange) return {fail(std::move(exchange.error())), false};
  if (exchange->status() != 101) {
    return {
        fail(Code::kConflict,
             "the container is running already; attaching to a running container is not supported",
             "See its output with 'container logs --follow', or start a shell with 'container "
             "exec'."),
        true};
  }

  if (raw) {
    if (auto ok = take_early(*signals, raw, early); !ok)
      return {fail(std::move(ok.error())), false};
    signals.reset();  // at most one at a time
    signals.emplace(kResizeOnly);
  }
  auto [connection, already_read] = exchange->take_connection();
  AttachSession session(std::move(connection), std::move(already_read), streams, *signals);
  const std::optional<RawMode> raw_mode =
      raw ? std::optional<RawMode>(std::in_place, context.in) : std::nullopt;
  for (const int signal : early) {
    if (auto ok = session.pass_on(signal); !ok) return {fail(std::move(ok.error())), true};
  }
  const auto end = session.run();
  if (!end) return {fail(end.error()), session.may_still_run(), !session.may_still_run()};
  return {end->exit_code, false, true, session.first_output_us()};
}

}  // namespace bulkhead::cli
