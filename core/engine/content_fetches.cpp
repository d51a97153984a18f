#include "content_fetches.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <optional>

#include "log.hpp"
#include "model/facts.hpp"
#include "model/read_json.hpp"

namespace bulkhead::engine {
namespace {

constexpr int kPipeBytes = 1 << 20;

struct Pipe {
  UniqueFd read, write;
};

Result<Pipe> make_pipe() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return fail_errno("make a pipe", errno);
  Pipe pipe{UniqueFd(ends[0]), UniqueFd(ends[1])};
  ::fcntl(ends[1], F_SETPIPE_SZ, kPipeBytes);  // a wish: the default does, too
  return pipe;
}

Failure look_again() {
  return fail(Code::kConflict, "what is missing has changed meanwhile");
}

}  // namespace

std::string WantedContent::digest() const {
  return model::read_text(content, "digest");
}

struct ContentFetches::Transfer {
  WantedContent wanted;
  model::Origin origin;
  std::map<uint64_t, Waiting> watchers;
  uint64_t fetch_op = 0, receive_op = 0;
  std::optional<Result<Json>> fetched, received;
  bool ending = false;
};

ContentFetches::TicketPtr ContentFetches::fetch(const WantedContent& wanted,
                                                const model::Origin& origin, Watcher watcher) {
  TransferPtr& transfer = transfers_[wanted.digest()];
  const uint64_t id = next_watcher_++;
  const bool fresh = !transfer;
  if (fresh) {
    transfer = std::make_shared<Transfer>();
    transfer->wanted = wanted;
    transfer->origin = origin;
  }
  TransferPtr joined = transfer;
  joined->watchers.emplace(id, Waiting{std::move(watcher), wanted.remote});
  auto ticket = std::make_shared<Ticket>(*this, joined, id);
  if (fresh) begin(joined);
  return ticket;
}

void ContentFetches::begin(const TransferPtr& transfer) {
  const WantedContent& wanted = transfer->wanted;
  transfer->fetched.reset();
  transfer->received.reset();
  auto pipe = make_pipe();
  if (!pipe) {
    transfer->fetched = fail(std::move(pipe.error()));
    transfer->received = transfer->fetched;
    return conclude(transfer);
  }
  Json receive = {{"content", wanted.content}, {"kind", wanted.kind}, {"offset", wanted.have}};
  Json request = wanted.remote;
  request.update(receive);
  transfer->receive_op = unjournaled_op();
  transfer->fetch_op = unjournaled_op();
  storage_.transact(transfer->receive_op, "storage.receive", receive,
                    one_descriptor(std::move(pipe->read)), {},
                    [this, transfer](Result<Json> result, const std::vector<UniqueFd>&) {
                      transfer->received = std::move(result);
                      half_done(transfer);
                    });
  registry_.transact(
      transfer->fetch_op, "registry.fetch", request, one_descriptor(std::move(pipe->write)),
      [transfer](const Json& note) {
        const auto watchers = transfer->watchers;  // who hears of it may leave
        for (const auto& [id, waiting] : watchers)
          if (waiting.watcher.progress) waiting.watcher.progress(note);
      },
      [this, transfer](Result<Json> result, const std::vector<UniqueFd>&) {
        transfer->fetched = std::move(result);
        half_done(transfer);
      });
}

void ContentFetches::half_done(const TransferPtr& transfer) {
  if (transfer->fetched && transfer->received) conclude(transfer);
}

void ContentFetches::conclude(const TransferPtr& transfer) {
  WantedContent& wanted = transfer->wanted;
  const Result<Json>& received = *transfer->received;
  // The store's word counts: it may have had the content already, and closed the pipe.
  const bool wrong =
      !received && (received.error().code == Code::kCorrupt ||
                    (!*transfer->fetched && transfer->fetched->error().code == Code::kCorrupt));
  if (wrong && wanted.have > 0 && !transfer->ending) {
    log::info(wanted.digest() + ": " + received.error().message + "; from the beginning again");
    wanted.have = 0;
    return begin(transfer);
  }
  transfers_.erase(wanted.digest());
  Result<int64_t> result = 0;
  if (received) {
    // Nothing came where the store had it already.
    if (*transfer->fetched) result = model::read_integer(**transfer->fetched, "bytes").value_or(0);
    if (*result > 0)
      ledger_.record(
          {model::fact("storage/local", "content.received",
                       {{"digest", wanted.digest()},
                        {"size", model::read_integer(wanted.content, "size").value_or(0)},
                        {"offset", wanted.have},
                        {"reference", model::read_text(wanted.remote, "reference")}},
                       transfer->origin)});
  } else if (received.error().code == Code::kRetry && !*transfer->fetched) {
    result = fail(transfer->fetched->error());  // the pipe ended early, and this is why
  } else {
    result = fail(received.error());
  }
  for (const auto& [id, waiting] : std::exchange(transfer->watchers, {})) {
    const bool own = waiting.remote == wanted.remote && !transfer->ending;
    waiting.watcher.done(result || own ? result : look_again());
  }
}

void ContentFetches::leave(const TransferPtr& transfer, uint64_t watcher) {
  if (transfer->watchers.erase(watcher) == 0 || !transfer->watchers.empty()) return;
  if (transfer->ending) return;
  transfer->ending = true;
  registry_.cancel(transfer->fetch_op);
  storage_.cancel(transfer->receive_op);
}

}  // namespace bulkhead::engine
