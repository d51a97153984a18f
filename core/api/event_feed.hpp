// One subscription: pages from the journal until the committed head, then live events, without a
// gap or a repeat. The hand-over is by seq: what the pages have covered is dropped from the live
// side, whatever came in between.
//
// A slow client lags and nobody else notices: nothing is read for it while its answer is still
// queued, and live events beyond a small buffer are thrown away and read from the journal again
// later.
#pragma once

#include <deque>
#include <functional>
#include <memory>

#include "core/engine/engine.hpp"
#include "core/loop/handles.hpp"
#include "exchange.hpp"
#include "store/filter.hpp"
#include "store/reader.hpp"

namespace bulkhead::api {

class EventFeed : public std::enable_shared_from_this<EventFeed> {
 public:
  struct Wanted {
    store::Filter filter;
    std::function<bool(const model::Event&)> also;  // a further condition; may be empty
    model::Seq after = 0;
    size_t limit = SIZE_MAX;
    bool follow = false;
  };
  static void start(const ExchangePtr& exchange, engine::Engine& engine, store::Reader reader,
                    Wanted wanted);
  ~EventFeed();

 private:
  EventFeed(ExchangePtr exchange, engine::Engine& engine, store::Reader reader, Wanted wanted);
  void pump();
  void page_read(const Result<store::Page>& page);
  void live(const model::Event& event);
  bool send(const model::Event& event);
  void beat();
  void finish(bool whole = true);

  ExchangePtr exchange_;
  engine::Engine& engine_;
  std::shared_ptr<store::Reader> reader_;
  Wanted wanted_;
  model::Seq position_;  // everything up to here is dealt with
  bool live_ = false;    // at the head: events come from the ledger
  bool reading_ = false;
  bool caught_up_ = false;
  bool done_ = false;
  int subscription_ = 0;
  loop::Timer heartbeat_;
};

}  // namespace bulkhead::api
