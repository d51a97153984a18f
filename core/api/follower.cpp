#include "follower.hpp"

#include "core/engine/log.hpp"

namespace bulkhead::api {
namespace {

constexpr uint64_t kPollMs =
    100;  // files have no cheap end-of-file event across rotation; ten looks a second cost nothing
constexpr size_t kHighWater = 256 * 1024;

}  // namespace

void Follower::start(loop::Loop& loop, const ExchangePtr& exchange, const std::string& content_type,
                     Source source) {
  std::shared_ptr<Follower> follower(new Follower(loop, exchange, std::move(source)));
  // The exchange keeps the follower, and drops it when the client leaves or the end is sent.
  exchange->on_closed([follower] { follower->done_ = true; });
  exchange->begin(200, content_type);
  if (follower->source_.tail != SIZE_MAX && !follower->skip_to_tail()) return;
  follower->pump();
}

Follower::Follower(loop::Loop& loop, ExchangePtr exchange, Source source)
    : exchange_(std::move(exchange)),
      source_(std::move(source)),
      file_(source_.path, source_.rotated),
      timer_(loop, [this] { pump(); }) {}

// One pass that keeps the last lines; then the file goes on from where the pass ended.
bool Follower::skip_to_tail() {
  Tail tail(source_.tail);
  for (;;) {
    auto lines = file_.next();
    if (!lines) return fail(lines.error()), false;
    if (lines->empty()) break;
    for (const std::string& line : *lines) {
      std::string text = source_.render(line);
      if (!text.empty())
        tail.add(source_.piece ? source_.piece(line) : LinePiece{}, std::move(text));
    }
  }
  for (std::string& text : tail.take()) exchange_->write(std::move(text));
  return true;
}

void Follower::pump() {
  auto self = shared_from_this();
  while (!done_ && exchange_->queued() < kHighWater) {
    auto lines = file_.next();
    if (!lines) return fail(lines.error());
    if (lines->empty()) {
      if (!source_.follow) return finish();
      // One more look after the end was seen: what was written just before it must not be missed.
      if (was_ended_) return finish();
      was_ended_ = source_.ended && source_.ended();
      return timer_.start(was_ended_ ? 0 : kPollMs);
    }
    std::string text;
    for (const std::string& line : *lines) text += source_.render(line);
    exchange_->write(std::move(text));
  }
  if (!done_)
    exchange_->on_drained([weak = weak_from_this()] {
      if (auto follower = weak.lock()) follower->pump();
    });
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
