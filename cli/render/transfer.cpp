#include "render/transfer.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "render/field.hpp"
#include "render/images.hpp"
#include "render/table.hpp"

namespace bulkhead::cli {

using nlohmann::json;

namespace {

uint64_t beyond(uint64_t reached, uint64_t begun) {
  return reached > begun ? reached - begun : 0;
}

bool is_one_of(const std::string& state, std::initializer_list<const char*> states) {
  return std::find(states.begin(), states.end(), state) != states.end();
}

}  // namespace

TransferItem::Phase TransferItem::phase() const {
  if (state.empty() || state == "waiting") return Phase::kWaiting;
  if (is_one_of(state, {"downloading", "uploading"})) return Phase::kMoving;
  if (is_one_of(state, {"downloaded", "uploaded", "present", "mounted", "unpacked"})) {
    return Phase::kSettled;
  }
  return Phase::kWorking;
}

TransferItem& Transfer::item_of(const std::string& id, const json& event) {
  const auto [found, added] = index_.try_emplace(id, items_.size());
  if (added) items_.emplace_back().id = id;
  TransferItem& item = items_[found->second];
  if (const std::string what = printable(text_at(event, "what")); !what.empty()) {
    item.what = what;
  } else if (item.what.empty()) {
    item.what = printable(short_digest(id));
  }
  return item;
}

const TransferItem* Transfer::fold(const json& event, Instant now) {
  const std::string id = text_at(event, "id");
  if (id.empty()) return nullptr;
  TransferItem& item = item_of(id, event);
  std::string state = printable(text_at(event, "state"));
  const bool changed = state != item.state;
  const bool is_new = item.state.empty();
  item.state = std::move(state);
  item.done = number_at(event, "done");
  item.total = number_at(event, "total");
  moved_ -= item.moved;
  if (item.phase() == TransferItem::Phase::kWaiting && is_new) {
    item.had = item.done;
  } else if (item.phase() == TransferItem::Phase::kMoving) {
    item.moved = beyond(item.done, item.had);
    item.complete = item.there_already = false;
    item.rate.note(item.moved, now);
  } else if (is_one_of(item.state, {"downloaded", "uploaded"})) {
    item.moved = std::max(item.moved, beyond(std::max(item.done, item.total), item.had));
    item.complete = true;
  } else if (is_one_of(item.state, {"present", "mounted"})) {
    item.moved = 0;
    item.there_already = true;
  }
  moved_ += item.moved;
  rate_.note(moved_, now);
  return changed ? &item : nullptr;
}

Transfer::Sums Transfer::sums() const {
  Sums sums;
  sums.moved = moved_;
  sums.per_second = rate_.per_second();
  bool known = true;
  for (const TransferItem& item : items_) {
    const bool to_come = item.phase() == TransferItem::Phase::kMoving ||
                         item.phase() == TransferItem::Phase::kWaiting;
    if (item.phase() == TransferItem::Phase::kSettled) ++sums.settled;
    if (item.complete) ++sums.complete;
    if (item.there_already) ++sums.there_already;
    sums.to_move += to_come ? std::max(beyond(item.total, item.had), item.moved) : item.moved;
    known = known && (!to_come || item.total > 0);
  }
  if (!known) sums.to_move = 0;
  return sums;
}

}  // namespace bulkhead::cli
