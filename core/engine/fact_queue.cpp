#include "fact_queue.hpp"

#include <iterator>

#include "log.hpp"
#include "operations.hpp"

namespace bulkhead::engine {

void FactQueue::add(const std::string& id, Make make, Then written) {
  lines_[id].entries.push_back({std::move(make), std::move(written)});
  next(id);
}

void FactQueue::after(const std::string& id, Then then) {
  auto line = lines_.find(id);
  if (line == lines_.end() || line->second.stuck) return then();
  line->second.entries.push_back({{}, std::move(then)});
}

void FactQueue::next(const std::string& id) {
  for (auto line = lines_.find(id); line != lines_.end(); line = lines_.find(id)) {
    if (line->second.writing || line->second.stuck) return;
    if (line->second.entries.empty()) return void(lines_.erase(line));
    const Entry& first = line->second.entries.front();
    model::Decision facts = first.make ? first.make() : model::Decision{};
    if (!facts.empty()) {
      line->second.writing = true;
      return ledger_.record(
          std::move(facts),
          [this, id](const Result<std::vector<model::Event>>& result) { written(id, result); });
    }
    finish_first(id);
  }
}

void FactQueue::written(const std::string& id, const Result<std::vector<model::Event>>& result) {
  Line& line = lines_[id];
  line.writing = false;
  if (!result && may_be_written_later(result.error())) {
    if (!std::exchange(line.told, true))
      log::error("a report of " + id + " is not journaled yet: " + result.error().message);
    line.stuck = true;
    return release(id);
  }
  line.told = false;
  if (!result) log::error("a report of " + id + " can't be journaled: " + result.error().message);
  finish_first(id);
  next(id);
}

// The line stays as it is while `then` runs, which may add to it.
void FactQueue::finish_first(const std::string& id) {
  Line& line = lines_[id];
  Then then = std::move(line.entries.front().then);
  line.entries.pop_front();
  if (!then) return;
  line.writing = true;
  then();
  line.writing = false;
}

void FactQueue::release(const std::string& id) {
  std::vector<Then> waiting;
  std::deque<Entry> facts;
  Line& line = lines_[id];
  for (Entry& entry : line.entries) {
    if (entry.make) {
      facts.push_back(std::move(entry));
    } else {
      waiting.push_back(std::move(entry.then));
    }
  }
  line.entries = std::move(facts);
  for (const Then& then : waiting) then();
}

void FactQueue::retry() {
  for (const std::string& id : stuck()) {
    lines_[id].stuck = false;
    next(id);
  }
}

std::vector<std::string> FactQueue::stuck() const {
  std::vector<std::string> ids;
  for (const auto& [id, line] : lines_)
    if (line.stuck) ids.push_back(id);
  return ids;
}

}  // namespace bulkhead::engine
