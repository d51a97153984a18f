#include "core/api/line_file.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

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

TEST_F(LineFileTest, AMissingFileIsAnEmptyOneUntilItComes) {
  LineFile file(path_, true);
  EXPECT_EQ(*file.next(), Lines{});
  append(path_, "x\n");
  EXPECT_EQ(*file.next(), Lines{"x"});
}

}  // namespace
}  // namespace bulkhead::api
