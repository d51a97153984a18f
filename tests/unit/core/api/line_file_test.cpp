#include "core/api/line_file.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <thread>

namespace bulkhead::api {
namespace {

class LineFileTest : public testing::Test {
 protected:
  LineFileTest() {
    char name[] = "/tmp/line_file_test.XXXXXX";
    directory_ = mkdtemp(name);
    path_ = directory_ + "/log";
  }
  ~LineFileTest() override { std::filesystem::remove_all(directory_); }
  void append(const std::string& path, const std::string& text) {
    std::ofstream(path, std::ios::app) << text;
  }

  void rotate() {
    std::error_code none;
    for (int n = 8; n >= 0; --n)
      std::filesystem::rename(n == 0 ? path_ : path_ + "." + std::to_string(n),
                              path_ + "." + std::to_string(n + 1), none);
  }
  std::vector<std::string> rest_of(LineFile& file) {
    std::vector<std::string> all;
    for (;;) {
      auto lines = file.next();
      if (lines->empty()) return all;
      all.insert(all.end(), lines->begin(), lines->end());
    }
  }

  std::string directory_, path_;
  using Lines = std::vector<std::string>;
};

TEST_F(LineFileTest, GivesWholeLinesAndThenWhatComes) {
  append(path_, "one\ntwo\nthr");
  LineFile file(path_, true);
  EXPECT_EQ(*file.next(), (Lines{"one", "two"}));
  EXPECT_EQ(*file.next(), Lines{});
  append(path_, "ee\n");
  EXPECT_EQ(*file.next(), Lines{"three"});
  append(path_, "rest");
  EXPECT_EQ(*file.next(), Lines{});
  EXPECT_EQ(file.take_rest(), "rest");
}

TEST_F(LineFileTest, BeginsWithTheOldestAndFollowsARotation) {
  append(path_ + ".2", "a\n");
  append(path_ + ".1", "b\n");
  append(path_, "c\n");
  LineFile file(path_, true);
  EXPECT_EQ(*file.next(), Lines{"a"});
  EXPECT_EQ(*file.next(), Lines{"b"});
  EXPECT_EQ(*file.next(), Lines{"c"});
  append(path_, "d\n");
  std::filesystem::rename(path_, path_ + ".1");
  append(path_, "e\n");
  EXPECT_EQ(*file.next(), Lines{"d"});  // written to the renamed file before the rotation
  EXPECT_EQ(*file.next(), Lines{"e"});
  EXPECT_EQ(*file.next(), Lines{});
}

TEST_F(LineFileTest, EndsWhereItWasToldTo) {
  append(path_ + ".1", "a\n");
  append(path_, "b\nc");
  LineFile file(path_, true);
  file.end_here();
  append(path_, "c\nd\n");
  rotate();
  append(path_, "e\n");
  EXPECT_EQ(rest_of(file), (Lines{"a", "b"}));
  EXPECT_EQ(*file.next(), Lines{});
  file.go_on();
  EXPECT_EQ(rest_of(file), (Lines{"cc", "d", "e"}));
}

TEST_F(LineFileTest, EndsBeforeAFileThatWasNotThere) {
  LineFile file(path_, true);
  file.end_here();
  append(path_, "a\n");
  EXPECT_EQ(*file.next(), Lines{});
  file.go_on();
  EXPECT_EQ(*file.next(), Lines{"a"});
}

TEST_F(LineFileTest, FollowsTwoRotationsAtOnce) {
  append(path_, "a\n");
  LineFile file(path_, true);
  EXPECT_EQ(*file.next(), Lines{"a"});
  append(path_, "b\n");
  rotate();
  append(path_, "c\n");
  rotate();
  append(path_, "d\n");
  EXPECT_EQ(rest_of(file), (Lines{"b", "c", "d"}));
}

TEST_F(LineFileTest, ARotationAfterTheBeginningMovesNothingAway) {
  append(path_ + ".1", "a\n");
  append(path_, "b\n");
  LineFile file(path_, true);
  rotate();
  append(path_, "c\n");
  EXPECT_EQ(rest_of(file), (Lines{"a", "b", "c"}));
}

TEST_F(LineFileTest, GoesOnWithWhatIsKeptWhenItLagsTooFar) {
  append(path_, "a\n");
  LineFile file(path_, true);
  EXPECT_EQ(*file.next(), Lines{"a"});
  rotate();
  append(path_, "b\n");
  rotate();
  std::filesystem::remove(path_ + ".2");
  append(path_, "c\n");
  EXPECT_EQ(rest_of(file), (Lines{"b", "c"}));
}

// Lines that are written between the reader's look at the end of a file and its renaming.
TEST_F(LineFileTest, MissesNoLineOfAWriterThatRotates) {
  constexpr int kLines = 4000, kLinesPerFile = 3, kMostBehind = 12;
  append(path_, "");
  LineFile file(path_, true);
  std::atomic<int> seen{0};
  std::thread writer([&] {
    for (int i = 0; i < kLines; ++i) {
      while (i - seen > kMostBehind) std::this_thread::yield();
      append(path_, std::to_string(i) + "\n");
      if (i % kLinesPerFile == 0) rotate();
    }
  });
  int expected = 0;
  while (expected < kLines && !HasFailure()) {
    auto lines = file.next();
    for (const std::string& line : *lines) EXPECT_EQ(line, std::to_string(expected++));
    seen = expected;
  }
  seen = kLines;
  writer.join();
}

TEST_F(LineFileTest, AMissingFileIsAnEmptyOneUntilItComes) {
  LineFile file(path_, true);
  EXPECT_EQ(*file.next(), Lines{});
  append(path_, "x\n");
  EXPECT_EQ(*file.next(), Lines{"x"});
}

}  // namespace
}  // namespace bulkhead::api
