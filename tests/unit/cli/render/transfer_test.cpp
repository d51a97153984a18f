// The fold of a transfer's events, and its sentences.
#include "render/transfer.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "render/transfer_text.hpp"

namespace bulkhead::cli {
namespace {

using nlohmann::json;
using Phase = TransferItem::Phase;

Instant at(int ms) {
  return Instant(std::chrono::milliseconds(ms));
}

json item(const std::string& id, const std::string& state, uint64_t done = 0, uint64_t total = 0) {
  return {{"event", "item"}, {"id", "sha256:" + id}, {"what", "blob " + id},
          {"state", state},  {"done", done},         {"total", total}};
}

TEST(Transfer, AnItemIsWhatItsLastEventSays) {
  Transfer transfer(at(0));
  ASSERT_NE(transfer.fold(item("a", "waiting", 0, 100), at(0)), nullptr);
  ASSERT_NE(transfer.fold(item("a", "downloading", 10, 100), at(10)), nullptr);
  EXPECT_EQ(transfer.fold(item("a", "downloading", 60, 100), at(20)), nullptr) << "no new state";
  ASSERT_EQ(transfer.items().size(), 1U);
  EXPECT_EQ(transfer.items()[0].what, "blob a");
  EXPECT_EQ(transfer.items()[0].phase(), Phase::kMoving);
  EXPECT_EQ(transfer.sums().moved, 60U);
  EXPECT_EQ(transfer.sums().to_move, 100U);
  const TransferItem* changed = transfer.fold(item("a", "downloaded", 100, 100), at(30));
  ASSERT_NE(changed, nullptr);
  EXPECT_EQ(changed->phase(), Phase::kSettled);
  EXPECT_EQ(transfer.sums().complete, 1U);
}

TEST(Transfer, UnpackingDoesNotCountAsMoving) {
  Transfer transfer(at(0));
  transfer.fold(item("a", "downloaded", 100, 100), at(0));
  transfer.fold(item("a", "unpacking", 5, 700), at(0));
  EXPECT_EQ(transfer.items()[0].phase(), Phase::kWorking);
  EXPECT_EQ(transfer.sums().moved, 100U);
  EXPECT_EQ(transfer.sums().settled, 0U);
  transfer.fold(item("a", "unpacked", 700, 700), at(0));
  EXPECT_EQ(transfer.sums().moved, 100U);
  EXPECT_EQ(transfer.sums().settled, 1U);
  EXPECT_EQ(transfer.sums().complete, 1U);
}

TEST(Transfer, ABrokenDownloadBeginsAgain) {
  Transfer transfer(at(0));
  transfer.fold(item("a", "downloading", 80, 100), at(0));
  transfer.fold(item("a", "waiting", 0, 100), at(10));
  transfer.fold(item("a", "downloading", 20, 100), at(20));
  EXPECT_EQ(transfer.sums().moved, 20U);
  EXPECT_EQ(transfer.sums().complete, 0U);
}

TEST(Transfer, WhatCameEarlierHasNotMovedNow) {
  Transfer transfer(at(0));
  transfer.fold(item("a", "waiting", 60, 100), at(0));
  EXPECT_EQ(transfer.sums().to_move, 40U);
  transfer.fold(item("a", "downloading", 60, 100), at(0));
  transfer.fold(item("a", "downloading", 80, 100), at(1000));
  EXPECT_EQ(transfer.sums().moved, 20U);
  EXPECT_EQ(transfer.sums().per_second, 20U);
  transfer.fold(item("a", "waiting", 80, 100), at(1000));
  transfer.fold(item("a", "downloaded", 100, 100), at(1000));
  EXPECT_EQ(transfer.sums().moved, 40U) << "what came before the break came now, too";
  EXPECT_EQ(settled_size(transfer.items()[0]), "100 B");
}

TEST(Transfer, WhatWasThereHasNotMoved) {
  Transfer transfer(at(0));
  transfer.fold(item("a", "present", 0, 100), at(0));
  transfer.fold(item("b", "uploading", 30, 50), at(0));
  transfer.fold(item("b", "mounted", 50, 50), at(0));
  EXPECT_EQ(transfer.sums().moved, 0U);
  EXPECT_EQ(transfer.sums().there_already, 2U);
  EXPECT_EQ(transfer.sums().settled, 2U);
  EXPECT_EQ(summary_line(transfer, at(100)), "nothing to move: 2 were there already");
}

TEST(Transfer, AnUnknownTotalMakesTheSumUnknown) {
  Transfer transfer(at(0));
  transfer.fold(item("a", "downloading", 30, 100), at(0));
  transfer.fold(item("b", "downloading", 30, 0), at(0));
  EXPECT_EQ(transfer.sums().to_move, 0U);
  transfer.fold(item("b", "downloaded", 40, 0), at(0));
  EXPECT_EQ(transfer.sums().to_move, 140U);
  EXPECT_EQ(transfer.sums().moved, 70U);
}

TEST(Transfer, EventsOfOtherShapesDoNoHarm) {
  Transfer transfer(at(0));
  EXPECT_EQ(transfer.fold({{"event", "item"}, {"state", "waiting"}}, at(0)), nullptr);
  transfer.fold({{"id", "a"}}, at(0));
  transfer.fold({{"id", 5}, {"state", "p\x1b[2Jolishing"}, {"done", -4}, {"total", "x"}}, at(0));
  transfer.fold(json::array(), at(0));
  ASSERT_EQ(transfer.items().size(), 2U);
  EXPECT_EQ(transfer.items()[0].phase(), Phase::kWaiting);
  EXPECT_EQ(transfer.items()[1].state, "p?[2Jolishing");
  EXPECT_EQ(transfer.items()[1].phase(), Phase::kWorking) << "a state of a newer service";
}

TEST(Transfer, WithoutANameTheDigestIsShown) {
  Transfer transfer(at(0));
  transfer.fold({{"id", "sha256:0123456789abcdef"}, {"state", "waiting"}}, at(0));
  EXPECT_EQ(transfer.items()[0].what, "0123456789ab");
}

TEST(TransferText, OnlyWhatIsOverIsALine) {
  Transfer transfer(at(0));
  const auto line = [&](const json& event) { return change_line(*transfer.fold(event, at(0))); };
  EXPECT_EQ(line(item("a", "waiting")), "");
  EXPECT_EQ(line(item("a", "downloading", 1, 1500000)), "");
  EXPECT_EQ(line(item("a", "downloaded", 1500000, 1500000)), "blob a: downloaded, 1.5 MB");
  EXPECT_EQ(line(item("a", "unpacking")), "");
  EXPECT_EQ(line(item("a", "unpacked", 3500000, 3500000)), "blob a: unpacked, 3.5 MB");
  EXPECT_EQ(line(item("b", "present", 0, 7)), "blob b: present");
}

TEST(TransferText, TheSummary) {
  Transfer transfer(at(0));
  EXPECT_EQ(summary_line(transfer, at(5)), "");
  transfer.fold(item("a", "downloaded", 1500000, 1500000), at(0));
  EXPECT_EQ(summary_line(transfer, at(3210)), "1 blob, 1.5 MB in 3.2 s");
  transfer.fold(item("b", "downloaded", 1500000, 1500000), at(0));
  transfer.fold(item("c", "present"), at(0));
  EXPECT_EQ(summary_line(transfer, at(65000)), "2 blobs, 3 MB in 1 min 5 s; 1 was there already");
}

TEST(TransferText, LengthsOfTime) {
  EXPECT_EQ(length_text(std::chrono::milliseconds(40)), "0.0 s");
  EXPECT_EQ(length_text(std::chrono::milliseconds(59949)), "59.9 s");
  EXPECT_EQ(length_text(std::chrono::milliseconds(59990)), "1 min 0 s");
  EXPECT_EQ(length_text(std::chrono::seconds(3725)), "62 min 5 s");
}

}  // namespace
}  // namespace bulkhead::cli
