#include "follower.hpp"

#include "core/engine/log.hpp"

namespace bulkhead::api {
namespace {

constexpr uint64_t kPollMs =
    100;  // files have no cheap end-of-file event across rotation; ten looks a second cost nothing
constexpr size_t kHighWater = 256 * 1024;
constexpr int kPiecesPerTurn = 4;  // of 64 KiB: a few milliseconds of everybody else's time

}  // namespace

void Follower::start(loop::Loop& loop, const ExchangePtr& exchange, const std::string& content_type,
                     Source source) {
  std::shared_ptr<Follower> follower(new Follower(loop, exchange, std::move(source)));
  // The exchange keeps the follower, and drops it when the client leaves or the end is sent.
  exchange->on_closed([follower] { follower->done_ = true; });
  exchange->begin(200, content_type);
  follower->take_turn();
}

Follower::Follower(loop::Loop& loop, ExchangePtr exchange, Source source)
    : exchange_(std::move(exchange)),
      source_(std::move(source)),
      file_(source_.path, source_.rotated),
      timer_(loop, [this] { take_turn(); }) {
  if (source_.tail != SIZE_MAX) tail_.emplace(source_.tail);
  if (tail_ || !source_.follow) file_.end_here();
}

void Follower::take_turn() {
  auto self = shared_from_this();
  for (int pieces = 0; pieces < kPiecesPerTurn; ++pieces) {
    if (done_) return;
    if (exchange_->queued() >= kHighWater) {
      return exchange_->on_drained([weak = weak_from_this()] {
        if (auto follower = weak.lock()) follower->take_turn();
      });
    }
    auto lines = file_.next();
    if (!lines) return fail(lines.error());
    if (lines->empty()) return reached_end();
    tail_ ? collect(*lines) : send(*lines);
  }
  timer_.start(1);  // with 0 libuv would come back before it looks at anything else
}

void Follower::collect(const std::vector<std::string>& lines) {
  for (const std::string& line : lines) {
    std::string text = source_.render(line);
    if (!text.empty())
      tail_->add(source_.piece ? source_.piece(line) : LinePiece{}, std::move(text));
  }
}

void Follower::send(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) text += source_.render(line);
  exchange_->write(std::move(text));
}

void Follower::reached_end() {
  if (tail_) {
    for (std::string& text : tail_->take()) exchange_->write(std::move(text));
    tail_.reset();
    if (source_.follow) {
      file_.go_on();
      return timer_.start(0);
    }
  }
  // With one more look after the end was seen: what was written just before it must not be missed.
  if (!source_.follow || was_ended_) return finish();
  was_ended_ = source_.ended && source_.ended();
  timer_.start(was_ended_ ? 0 : kPollMs);
}

// A cut answer must not look like a whole one.
void Follower::fail(const Error& error) {
  if (std::exchange(done_, true)) return;
  timer_.stop();
  log::error(error.message);
  exchange_->abort();
}

void Follower::finish() {
  if (std::exchange(done_, true)) return;
  timer_.stop();
  if (std::string rest = file_.take_rest(); !rest.empty() && source_.render_rest)
    exchange_->write(source_.render_rest(std::move(rest)));
  exchange_->end();
}

}  // namespace bulkhead::api
