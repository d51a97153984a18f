// A pull or a push as the fold of its events ({"event": "item", ...} of docs/reference/api.md):
// what each item is doing, and what all of them have moved. Pure: the time comes with each event.
//
//     waiting -> downloading | uploading -> downloaded | uploaded      moved
//             -> present | mounted                                     was there already
//     unpacking -> unpacked                                            done with what was moved
//
// What came before this transfer is in `done` from the beginning and doesn't count as moved by it.
//
// The service says what is so, in whatever order: a broken download waits again. States that this
// program doesn't know are shown as they are.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <unordered_map>
#include <vector>

#include "render/rate.hpp"

namespace bulkhead::cli {

struct TransferItem {
  enum class Phase { kWaiting, kMoving, kWorking, kSettled };

  std::string id;
  std::string what;  // for people; never empty
  std::string state;
  uint64_t done = 0;
  uint64_t total = 0;     // 0: unknown
  uint64_t had = 0;       // came before this transfer
  uint64_t moved = 0;     // bytes that came or went now
  bool complete = false;  // all of them
  bool there_already = false;
  Rate rate;

  Phase phase() const;
};

class Transfer {
 public:
  explicit Transfer(Instant started) : started_(started) {}

  // The item whose state the event has changed, or null. An item without an id is none.
  const TransferItem* fold(const nlohmann::json& event, Instant now);

  // In the order in which they appeared.
  const std::vector<TransferItem>& items() const { return items_; }
  Instant started() const { return started_; }

  struct Sums {
    size_t settled = 0;
    size_t complete = 0;  // items that were moved whole
    size_t there_already = 0;
    uint64_t moved = 0;
    uint64_t to_move = 0;  // moved or to be moved; 0: unknown
    uint64_t per_second = 0;
  };
  Sums sums() const;

 private:
  TransferItem& item_of(const std::string& id, const nlohmann::json& event);

  Instant started_;
  uint64_t moved_ = 0;
  Rate rate_;
  std::vector<TransferItem> items_;
  std::unordered_map<std::string, size_t> index_;  // of items_, by id
};

}  // namespace bulkhead::cli
