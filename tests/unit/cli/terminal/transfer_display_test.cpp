#include "terminal/transfer_display.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "support/session.hpp"
#include "support/terminal.hpp"

namespace bulkhead::cli {
namespace {

using nlohmann::json;
using testing::content_of;
using testing::file_with;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::Terminal;

Instant at(int ms) {
  return Instant(std::chrono::milliseconds(ms));
}

Environment with(std::map<std::string, std::string> variables) {
  return [variables](const std::string& name) -> std::optional<std::string> {
    const auto found = variables.find(name);
    if (found == variables.end()) return std::nullopt;
    return found->second;
  };
}

json item(const std::string& state, uint64_t done, uint64_t total) {
  return {{"event", "item"}, {"id", "sha256:1"}, {"what", "layer 1 of 1"},
          {"state", state},  {"done", done},     {"total", total}};
}

class Display : public ::testing::Test {
 protected:
  TransferDisplay display(ProgressStyle style) {
    return TransferDisplay(out_, style, with({}), at(0));
  }
  void take(TransferDisplay& display, const json& event, int ms) {
    display.take(event.dump(), event, at(ms));
  }
  std::string shown() const { return content_of(file_.get()); }

  UniqueFd file_ = file_with("");
  Output out_{file_.get()};
};

TEST_F(Display, StylesAreChosenByWhereTheyGo) {
  const auto auto_on = [](const Output& out, std::map<std::string, std::string> variables) {
    return progress_style("auto", out, with(std::move(variables)));
  };
  Terminal terminal;
  const Output shown(terminal.inside());
  EXPECT_EQ(auto_on(out_, {}), ProgressStyle::kPlain);
  EXPECT_EQ(auto_on(shown, {{"TERM", "xterm"}}), ProgressStyle::kColor);
  EXPECT_EQ(auto_on(shown, {{"NO_COLOR", "1"}}), ProgressStyle::kAnsi);
  EXPECT_EQ(auto_on(shown, {{"NO_COLOR", ""}}), ProgressStyle::kColor);
  EXPECT_EQ(auto_on(shown, {{"TERM", "dumb"}}), ProgressStyle::kPlain);
  EXPECT_EQ(progress_style("color", out_, with({{"NO_COLOR", "1"}})), ProgressStyle::kColor);
  EXPECT_EQ(progress_style("none", shown, with({})), ProgressStyle::kNone);
  EXPECT_EQ(progress_style("json", shown, with({})), ProgressStyle::kJson);
}

TEST_F(Display, PlainIsALineForEachThatIsOver) {
  auto plain = display(ProgressStyle::kPlain);
  take(plain, item("downloading", 1, 1500000), 0);
  take(plain,
       {{"event", "note"},
        {"text",
         "the registry is \x1b"
         "busy"}},
       10);
  take(plain, item("downloaded", 1500000, 1500000), 20);
  take(plain, item("downloaded", 1500000, 1500000), 30);
  take(plain, item("unpacked", 0, 0), 40);
  EXPECT_EQ(plain.wait_ms(at(500)), -1);
  plain.finish(at(2000));
  EXPECT_EQ(shown(),
            "the registry is ?busy\nlayer 1 of 1: downloaded, 1.5 MB\nlayer 1 of 1: unpacked\n"
            "1 blob, 1.5 MB in 2.0 s\n");
}

TEST_F(Display, NoneIsNothingAndJsonIsTheLines) {
  auto none = display(ProgressStyle::kNone);
  take(none, item("downloaded", 1, 1), 0);
  take(none, {{"event", "note"}, {"text", "busy"}}, 10);
  none.finish(at(20));
  EXPECT_EQ(shown(), "");
  auto lines = display(ProgressStyle::kJson);
  lines.take("{\"event\": \"new\"}", {{"event", "new"}}, at(0));
  lines.take("not JSON", json(json::value_t::discarded), at(0));
  lines.finish(at(20));
  EXPECT_EQ(shown(), "{\"event\": \"new\"}\nnot JSON\n");
}

TEST_F(Display, FramesAreDrawnTenTimesASecondAndOverEachOther) {
  auto frames = display(ProgressStyle::kAnsi);
  EXPECT_EQ(frames.wait_ms(at(0)), -1) << "nothing to show";
  take(frames, item("downloading", 1, 1500000), 0);
  EXPECT_EQ(frames.wait_ms(at(0)), 0);
  frames.draw(at(0));
  const std::string first = shown();
  EXPECT_THAT(first, HasSubstr("layer 1 of 1"));
  EXPECT_THAT(first, Not(HasSubstr("A"))) << "it is the first";
  EXPECT_TRUE(first.ends_with("\n\x1b[J"));
  take(frames, item("downloading", 2, 1500000), 40);
  EXPECT_EQ(frames.wait_ms(at(40)), 60);
  frames.draw(at(40));
  EXPECT_EQ(shown(), first) << "too soon";
  frames.draw(at(100));
  EXPECT_TRUE(shown().substr(first.size()).starts_with("\x1b[2A"));
  EXPECT_EQ(frames.wait_ms(at(100)), -1);
  EXPECT_THAT(shown(), Not(HasSubstr("\x1b[?25"))) << "the cursor stays";
}

TEST_F(Display, ANoteStandsAboveTheFrames) {
  auto frames = display(ProgressStyle::kAnsi);
  take(frames, item("downloading", 1, 1500000), 0);
  frames.draw(at(0));
  const size_t before = shown().size();
  take(frames, {{"event", "note"}, {"text", "the registry is busy"}}, 10);
  EXPECT_TRUE(shown().substr(before).starts_with("\x1b[2Athe registry is busy\x1b[K\nlayer 1"));
}

TEST_F(Display, FailureLeavesTheLastState) {
  auto frames = display(ProgressStyle::kAnsi);
  frames.abandon(at(0));
  EXPECT_EQ(shown(), "");
  take(frames, item("downloading", 750000, 1500000), 0);
  frames.abandon(at(0));
  EXPECT_THAT(shown(), HasSubstr("750 KB / 1.5 MB"));
}

TEST(DisplayOnATerminal, AFrameAfterTheWindowHasShrunkBeginsBelow) {
  Terminal terminal;
  terminal.resize(24, 100);
  Output out(terminal.inside());
  TransferDisplay frames(out, ProgressStyle::kAnsi, with({}), at(0));
  const json event = item("downloading", 1, 1500000);
  frames.take(event.dump(), event, at(0));
  frames.draw(at(0));
  EXPECT_THAT(terminal.read_until("\x1b[J"), HasSubstr("layer 1 of 1"));
  terminal.resize(24, 20);
  frames.finish(at(200));
  EXPECT_THAT(terminal.read_until("\x1b[J"), Not(HasSubstr("\x1b[2A")));
}

}  // namespace
}  // namespace bulkhead::cli
