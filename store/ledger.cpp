#include "store/ledger.hpp"

#include <algorithm>

#include "model/evolve.hpp"
#include "store/fold.hpp"
#include "store/reader.hpp"

namespace bulkhead::store {
namespace {

// The projection's state, if it is a prefix of this journal: an event of the same seq and time
// stands there.
model::State projected(const Reader& reader, StateDb* state_db) {
  if (state_db == nullptr) return {};
  model::State state = state_db->load();
  if (state.seq == 0) return {};
  auto event = reader.event(state.seq);
  bool same = event && *event && (*event)->at_us == state.at_us;
  if (same) return state;
  state_db->forget();
  return {};
}

}  // namespace

Ledger::Ledger(std::unique_ptr<Journal> journal, std::unique_ptr<StateDb> state_db)
    : journal_(std::move(journal)), state_db_(std::move(state_db)) {}

Ledger::~Ledger() {
  journal_->observe({});
  flush();
}

Result<std::unique_ptr<Ledger>> Ledger::open(std::unique_ptr<Journal> journal,
                                             std::unique_ptr<StateDb> state_db) {
  auto reader = Reader::open(journal->path());
  if (!reader) return fail(std::move(reader.error()));
  std::unique_ptr<Ledger> ledger(new Ledger(std::move(journal), std::move(state_db)));
  ledger->state_ = projected(*reader, ledger->state_db_.get());
  // The tail goes through the projection too, so that it needn't be folded again next time.
  Seq known = ledger->state_.seq;
  if (auto folded = fold(*reader, ledger->state_); !folded) return fail(std::move(folded.error()));
  if (ledger->state_db_ && ledger->state_.seq != known) {
    ledger->state_db_->forget();
    ledger->state_db_->flush(ledger->state_, false);
  }
  ledger->journal_->observe(
      [raw = ledger.get()](const std::vector<Event>& events) { raw->take(events); });
  return ledger;
}

void Ledger::take(const std::vector<Event>& events) {
  for (const Event& event : events) {
    model::evolve(state_, event);
    // A subscriber may go while another is called.
    for (const auto& [id, subscriber] : std::vector(subscribers_)) {
      bool there = std::any_of(subscribers_.begin(), subscribers_.end(),
                               [id = id](const auto& entry) { return entry.first == id; });
      if (there) subscriber(event);
    }
  }
  if (state_db_) state_db_->update(state_, events);
}

void Ledger::decide(Command command, Ack ack) {
  waiting_.push_back({std::move(command), std::move(ack)});
  next();
}

void Ledger::next() {
  while (!deciding_ && !waiting_.empty()) {
    Waiting turn = std::move(waiting_.front());
    waiting_.pop_front();
    Result<model::Decision> decision = turn.command(state_);
    if (!decision || decision->empty()) {
      if (!turn.ack) continue;
      if (decision)
        turn.ack(std::vector<Event>());
      else
        turn.ack(fail(std::move(decision.error())));
      continue;
    }
    deciding_ = true;
    journal_->append(std::move(*decision),
                     [this, ack = std::move(turn.ack)](Result<std::vector<Event>> result) {
                       deciding_ = false;
                       if (ack) ack(std::move(result));
                       next();
                     });
  }
}

void Ledger::record(std::vector<NewEvent> events, Ack ack) {
  journal_->append(std::move(events), std::move(ack));
}

Result<std::vector<Event>> Ledger::record_sync(std::vector<NewEvent> events) {
  return journal_->append_sync(std::move(events));
}

std::optional<Seq> Ledger::request(const std::string& key) const {
  auto found = state_.requests.find(key);
  if (found == state_.requests.end()) return std::nullopt;
  return found->second;
}

int Ledger::subscribe(Subscriber subscriber) {
  subscribers_.emplace_back(next_subscriber_, std::move(subscriber));
  return next_subscriber_++;
}

void Ledger::unsubscribe(int id) {
  std::erase_if(subscribers_, [id](const auto& entry) { return entry.first == id; });
}

void Ledger::flush() {
  if (state_db_) state_db_->flush(state_, true);
}

}  // namespace bulkhead::store
