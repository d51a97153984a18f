#include "container_log.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <vector>

namespace bulkhead::qemu {
namespace {

namespace fs = std::filesystem;

struct ContainerLogTest : testing::Test {
  fs::path dir =
      fs::path(testing::TempDir()) / ("container_log_test." + std::to_string(::getpid()));
  std::string path = dir / "container.log";

  void SetUp() override { fs::create_directories(dir); }
  void TearDown() override { fs::remove_all(dir); }

  ContainerLog open(LogLimits limits = {}) { return *ContainerLog::open(path, limits); }

  std::vector<LogRecord> records(const std::string& file) {
    std::vector<LogRecord> out;
    std::ifstream in(file);
    for (std::string line; std::getline(in, line);) {
      if (auto record = parse_log_record(line)) out.push_back(*record);
    }
    return out;
  }
  // What a reader prints.
  std::string printed(const std::string& file) {
    std::string out;
    for (const LogRecord& record : records(file)) out += record.text + (record.partial ? "" : "\n");
    return out;
  }
};

TEST_F(ContainerLogTest, WritesALineAsARecordAtOnce) {
  auto log = open();
  log.write(LogStream::kStderr, "hello\n", 7);
  const auto all = records(path);
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0].text, "hello");
  EXPECT_EQ(all[0].stream, LogStream::kStderr);
  EXPECT_EQ(all[0].time_us, 7);
  EXPECT_FALSE(all[0].partial);
}

TEST_F(ContainerLogTest, JoinsALineThatComesInPieces) {
  auto log = open();
  log.write(LogStream::kStdout, "hel", 1);
  log.write(LogStream::kStdout, "lo\nwor", 2);
  log.write(LogStream::kStdout, "ld\n", 3);
  EXPECT_EQ(printed(path), "hello\nworld\n");
  EXPECT_EQ(records(path).size(), 2u);
}

TEST_F(ContainerLogTest, KeepsUnfinishedLinesOfTheTwoStreamsApart) {
  auto log = open();
  log.write(LogStream::kStdout, "out", 1);
  log.write(LogStream::kStderr, "err\n", 2);
  log.write(LogStream::kStdout, "put\n", 3);
  EXPECT_EQ(printed(path), "err\noutput\n");
}

TEST_F(ContainerLogTest, FlushesAPromptAsAPartialRecord) {
  auto log = open();
  log.write(LogStream::kStdout, "login: ", 1);
  EXPECT_TRUE(log.has_unfinished());
  EXPECT_EQ(records(path).size(), 0u);
  log.flush_unfinished(2);
  EXPECT_FALSE(log.has_unfinished());
  ASSERT_EQ(records(path).size(), 1u);
  EXPECT_TRUE(records(path)[0].partial);
  log.write(LogStream::kStdout, "root\n", 3);
  EXPECT_EQ(printed(path), "login: root\n");
}

TEST_F(ContainerLogTest, CutsLongLinesBetweenCharacters) {
  auto log = open();
  std::string line;
  while (line.size() < 100'000)
    line += "\xE2\x82\xAC";  // three bytes: no multiple of them is 16 KiB
  log.write(LogStream::kStdout, line + "\n", 1);
  EXPECT_EQ(printed(path), line + "\n");
  for (const LogRecord& record : records(path)) EXPECT_LE(record.text.size(), 16u * 1024);
}

TEST_F(ContainerLogTest, NeverSplitsACharacterThatArrivesInTwoPieces) {
  auto log = open();
  log.write(LogStream::kStdout, "5 \xE2\x82", 1);
  log.flush_unfinished(2);
  log.write(LogStream::kStdout, "\xAC\n", 3);
  EXPECT_EQ(printed(path), "5 \xE2\x82\xAC\n");
}

TEST_F(ContainerLogTest, FinishWritesEvenHalfACharacter) {
  auto log = open();
  log.write(LogStream::kStdout, "5 \xE2\x82", 1);
  log.finish(2);
  EXPECT_EQ(printed(path), "5 \xE2\x82");
}

TEST_F(ContainerLogTest, RotatesBySizeAndKeepsSoManyFiles) {
  auto log = open({4096, 3});
  for (int i = 0; i < 1000; ++i) {
    log.write(LogStream::kStdout, "line " + std::to_string(i) + "\n", i);
  }
  EXPECT_TRUE(fs::exists(path + ".1"));
  EXPECT_TRUE(fs::exists(path + ".2"));
  EXPECT_FALSE(fs::exists(path + ".3"));
  // Whole records, in order, across the files that are left.
  std::vector<LogRecord> all;
  for (const std::string& file : {path + ".2", path + ".1", path}) {
    EXPECT_LE(fs::file_size(file), 4096u);
    for (LogRecord& record : records(file)) all.push_back(std::move(record));
  }
  for (size_t i = 1; i < all.size(); ++i) EXPECT_EQ(all[i].time_us, all[i - 1].time_us + 1);
  EXPECT_EQ(all.back().text, "line 999");
}

TEST_F(ContainerLogTest, RotatesOneLargeWriteToo) {
  auto log = open({4096, 100});
  std::string text;
  for (int i = 0; i < 1000; ++i) text += "line " + std::to_string(i) + "\n";
  log.write(LogStream::kStdout, text, 1);
  std::string all;
  for (int n = 99; n > 0; --n) all += printed(path + "." + std::to_string(n));
  EXPECT_EQ(all + printed(path), text);
  EXPECT_LE(fs::file_size(path + ".1"), 4096u);
}

TEST_F(ContainerLogTest, MovesNothingIfNoNewFileCanBeOpened) {
  auto log = open({4096, 3});
  fs::create_directory(path + ".new");
  for (int i = 0; i < 200; ++i)
    log.write(LogStream::kStdout, "line " + std::to_string(i) + "\n", i);
  EXPECT_FALSE(fs::exists(path + ".1"));
  EXPECT_EQ(records(path).size(), 200u);
}

TEST_F(ContainerLogTest, GoesOnWhereTheLastLifeStopped) {
  open().write(LogStream::kStdout, "one\n", 1);
  std::ofstream(path, std::ios::app) << "{\"t\":1,\"s\":\"std";  // killed in the middle of a write
  open().write(LogStream::kStdout, "two\n", 2);
  EXPECT_EQ(printed(path), "one\ntwo\n");
}

// A limit of the file size is a disk that is full after so many bytes.
class FullDisk {
 public:
  explicit FullDisk(rlim_t bytes) {
    ::getrlimit(RLIMIT_FSIZE, &before_);
    ::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit = {bytes, before_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FullDisk() { ::setrlimit(RLIMIT_FSIZE, &before_); }

 private:
  rlimit before_{};
};

TEST_F(ContainerLogTest, CountsWhatAFullDiskSwallowsAndClosesTheTornRecord) {
  auto log = open();
  {
    FullDisk full(20);
    log.write(LogStream::kStdout, "hello\n", 1);
  }
  EXPECT_GT(log.lost_bytes(), 0u);
  EXPECT_EQ(fs::file_size(path), 20u);
  log.write(LogStream::kStdout, "again\n", 2);
  EXPECT_EQ(printed(path), "again\n");
}

TEST_F(ContainerLogTest, SaysWhichFileItCanNotOpen) {
  const auto log = ContainerLog::open((dir / "missing" / "container.log").string(), {});
  ASSERT_FALSE(log);
  EXPECT_NE(log.error().message.find("missing/container.log"), std::string::npos);
}

}  // namespace
}  // namespace bulkhead::qemu
