#include "event_feed.hpp"

#include "bulkhead/json.hpp"
#include "core/engine/log.hpp"

namespace bulkhead::api {
namespace {

constexpr size_t kHighWater = 256 * 1024;
constexpr uint64_t kHeartbeatMs = 10'000;

}  // namespace

void EventFeed::start(const ExchangePtr& exchange, engine::Engine& engine, store::Reader reader,
                      Wanted wanted) {
  std::shared_ptr<EventFeed> feed(
      new EventFeed(exchange, engine, std::move(reader), std::move(wanted)));
  exchange->on_closed([feed] { feed->done_ = true; });
  exchange->begin(200, "application/x-ndjson");
  if (feed->wanted_.follow) {
    feed->subscription_ =
        engine.ledger().subscribe([weak = feed->weak_from_this()](const model::Event& event) {
          if (auto self = weak.lock()) self->live(event);
        });
    feed->heartbeat_.start(kHeartbeatMs, kHeartbeatMs);
  }
  feed->pump();
}

EventFeed::EventFeed(ExchangePtr exchange, engine::Engine& engine, store::Reader reader,
                     Wanted wanted)
    : exchange_(std::move(exchange)),
      engine_(engine),
      reader_(std::make_shared<store::Reader>(std::move(reader))),
      wanted_(std::move(wanted)),
      position_(wanted_.after),
      heartbeat_(engine.loop(), [this] { beat(); }) {}

EventFeed::~EventFeed() {
  if (subscription_) engine_.ledger().unsubscribe(subscription_);
}

void EventFeed::pump() {
  if (done_ || live_ || reading_) return;
  auto self = shared_from_this();
  if (exchange_->queued() >= kHighWater) {
    exchange_->on_drained([weak = weak_from_this()] {
      if (auto feed = weak.lock()) feed->pump();
    });
    return;
  }
  reading_ = true;
  auto page = std::make_shared<Result<store::Page>>(bulkhead::fail(Code::kInternal, "not read"));
  engine_.work([reader = reader_, page, after = position_,
                filter = wanted_.filter] { *page = reader->page(after, filter); },
               [self, page] { self->page_read(*page); });
}

void EventFeed::page_read(const Result<store::Page>& page) {
  reading_ = false;
  if (done_) return;
  if (!page) {
    log::error("a subscription ends: " + page.error().message);
    return finish(false);
  }
  for (const model::Event& event : page->events) {
    if (!send(event) || wanted_.filter.past(event)) return finish();
  }
  position_ = std::max(position_, page->next);
  // The head may have moved while the page was read on another thread; only the loop's own view
  // settles it.
  bool at_head = page->at_head && position_ >= engine_.ledger().journal().head();
  if (!page->at_head || (wanted_.follow && !at_head)) return pump();
  if (!wanted_.follow) return finish();
  live_ = true;
  if (!std::exchange(caught_up_, true))
    exchange_->write(dump_json({{"kind", "caught-up"}, {"seq", position_}}) + "\n");
}

void EventFeed::live(const model::Event& event) {
  if (done_ || !live_ || event.seq <= position_) return;
  if (exchange_->queued() >= kHighWater) {  // lag: from here on it comes from the journal again
    live_ = false;
    return pump();
  }
  position_ = event.seq;
  const bool more = !wanted_.filter.matches(event) || send(event);
  if (!more || wanted_.filter.past(event)) finish();
}

// False when the limit is reached.
bool EventFeed::send(const model::Event& event) {
  position_ = std::max(position_, event.seq);
  if (wanted_.also && !wanted_.also(event)) return true;
  if (wanted_.limit == 0) return false;
  exchange_->write(dump_json(model::event_view(event)) + "\n");
  return --wanted_.limit > 0;
}

void EventFeed::beat() {
  if (done_ || !live_ || exchange_->queued() > 0) return;
  std::string cursor = engine_.ledger().journal().uuid() + ":" + std::to_string(position_);
  exchange_->write(dump_json({{"kind", "cursor"}, {"cursor", cursor}}) + "\n");
}

void EventFeed::finish(bool whole) {
  if (std::exchange(done_, true)) return;
  heartbeat_.stop();
  auto self = shared_from_this();
  if (whole) return exchange_->end();
  exchange_->abort();
}

}  // namespace bulkhead::api
