#include "render/transfer_frame.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "render/table.hpp"

namespace bulkhead::cli {
namespace {

using nlohmann::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

constexpr FrameLook kPlainLook{false, false};

Instant at(int ms) {
  return Instant(std::chrono::milliseconds(ms));
}

json item(int number, const std::string& state, uint64_t done = 0, uint64_t total = 0) {
  return {{"id", "sha256:" + std::to_string(number)},
          {"what", "layer " + std::to_string(number) + " of 200"},
          {"state", state},
          {"done", done},
          {"total", total}};
}

WindowSize window(uint16_t rows, uint16_t columns) {
  return {rows, columns};
}

// As a terminal shows it.
std::string without_colors(const std::string& line) {
  std::string text;
  for (size_t i = 0; i < line.size(); ++i) {
    if (line[i] == '\x1b') {
      i = line.find('m', i);
    } else {
      text += line[i];
    }
  }
  return text;
}

Transfer several() {
  Transfer transfer(at(0));
  transfer.fold(item(1, "downloaded", 1500000, 1500000), at(0));
  transfer.fold(item(2, "downloading", 0, 50000000), at(0));
  transfer.fold(item(2, "downloading", 25000000, 50000000), at(5000));
  transfer.fold(item(3, "waiting", 0, 2000000), at(0));
  transfer.fold(item(4, "downloading", 700000, 0), at(5000));
  transfer.fold(item(5, "present", 0, 9), at(5000));
  return transfer;
}

TEST(TransferFrame, ALineForEachAndOneForAll) {
  EXPECT_THAT(
      transfer_frame(several(), window(24, 80), kPlainLook, at(6000)),
      ElementsAre("layer 1 of 200                                     1.5 MB           downloaded",
                  "layer 2 of 200  ################-----------------  25 MB / 50 MB    5 MB/s",
                  "layer 3 of 200                                     2 MB             waiting",
                  "layer 4 of 200                                     700 KB           downloading",
                  "layer 5 of 200                                                      present",
                  "2 of 5 done, 27 MB, 5.1 MB/s, 6.0 s"));
}

TEST(TransferFrame, NoLineIsAsWideAsTheTerminal) {
  const Transfer transfer = several();
  for (const FrameLook look : {FrameLook{false, false}, FrameLook{true, true}}) {
    for (uint16_t columns = 1; columns <= 300; ++columns) {
      for (const std::string& line :
           transfer_frame(transfer, window(24, columns), look, at(6000))) {
        EXPECT_LT(width_of(without_colors(line)), std::max<size_t>(columns, 2)) << columns << line;
      }
    }
  }
}

TEST(TransferFrame, ANarrowTerminalHasNeitherBarsNorSizes) {
  EXPECT_THAT(transfer_frame(several(), window(24, 20), kPlainLook, at(6000)),
              ElementsAre("layer 1   downloade", "layer 2   50%", "layer 3   waiting",
                          "layer 4   downloadi", "layer 5   present", "2 of 5 done, 27 MB,"));
  EXPECT_THAT(transfer_frame(several(), window(24, 50), kPlainLook, at(6000))[1],
              "layer 2 of 200  25 MB / 50 MB    5 MB/s");
}

TEST(TransferFrame, WhatIsUnderWayIsShownIfNotAllCanBe) {
  Transfer transfer(at(0));
  for (int i = 1; i <= 200; ++i) {
    transfer.fold(item(i,
                       i < 100   ? "downloaded"
                       : i < 104 ? "downloading"
                                 : "waiting",
                       5, 10),
                  at(0));
  }
  const auto lines = transfer_frame(transfer, window(10, 80), kPlainLook, at(0));
  ASSERT_EQ(lines.size(), 9U) << "and the cursor's line";
  EXPECT_THAT(lines[0], StartsWith("layer 100 of 200"));
  EXPECT_THAT(lines[3], StartsWith("layer 103 of 200"));
  EXPECT_THAT(lines[4], StartsWith("layer 104 of 200"));
  EXPECT_EQ(lines[7], "and 193 more");
  EXPECT_THAT(lines[8], StartsWith("99 of 200 done"));
  EXPECT_EQ(transfer_frame(transfer, window(202, 80), kPlainLook, at(0)).size(), 201U);
  EXPECT_EQ(transfer_frame(transfer, window(1, 80), kPlainLook, at(0)).size(), 2U);
}

TEST(TransferFrame, ColoursAndThinBarsAreAskedFor) {
  const auto plain = transfer_frame(several(), window(24, 80), {false, true}, at(6000));
  EXPECT_THAT(plain[1], HasSubstr("\u2501\u2500"));
  for (const std::string& line : plain) EXPECT_THAT(line, Not(HasSubstr("\x1b")));
  const auto colored = transfer_frame(several(), window(24, 80), {true, true}, at(6000));
  EXPECT_THAT(colored[1], HasSubstr("\x1b[36m\u2501"));
  EXPECT_EQ(without_colors(colored[1]), plain[1]);
}

TEST(TransferFrame, TheLastOneEndsWithTheSummary) {
  Transfer transfer(at(0));
  transfer.fold(item(1, "downloaded", 1500000, 1500000), at(0));
  EXPECT_EQ(transfer_frame(transfer, window(24, 80), kPlainLook, at(2000), true).back(),
            "1 blob, 1.5 MB in 2.0 s");
  EXPECT_TRUE(transfer_frame(Transfer(at(0)), window(24, 80), kPlainLook, at(0), true).empty());
}

TEST(TransferFrame, MoreThanAllIsAll) {
  Transfer transfer(at(0));
  transfer.fold(item(1, "unpacking", 30, 10), at(0));
  const auto lines = transfer_frame(transfer, window(24, 80), kPlainLook, at(0));
  EXPECT_THAT(lines[0], HasSubstr("##########"));
  EXPECT_THAT(lines[0], Not(HasSubstr("-")));
}

}  // namespace
}  // namespace bulkhead::cli
