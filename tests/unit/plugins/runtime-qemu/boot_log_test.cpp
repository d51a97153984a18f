#include "boot_log.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>

namespace bulkhead::qemu {
namespace {

namespace fs = std::filesystem;

struct BootLogTest : testing::Test {
  fs::path dir = fs::path(testing::TempDir()) / ("boot_log_test." + std::to_string(::getpid()));
  std::string path = dir / "boot.log";

  void SetUp() override { fs::create_directories(dir); }
  void TearDown() override { fs::remove_all(dir); }

  std::string content(const std::string& file) {
    std::ostringstream out;
    out << std::ifstream(file).rdbuf();
    return out.str();
  }
};

TEST_F(BootLogTest, KeepsTheConsoleByteForByte) {
  auto log = BootLog::open(path);
  log->write("one\r\n\x1b[1mtwo");
  EXPECT_EQ(content(path), "one\r\n\x1b[1mtwo");
}

TEST_F(BootLogTest, IsAppendedAcrossStarts) {
  BootLog::open(path)->write("first\n");
  BootLog::open(path)->write("second\n");
  EXPECT_EQ(content(path), "first\nsecond\n");
}

TEST_F(BootLogTest, BoundsWhatAChattyGuestCanFill) {
  auto log = BootLog::open(path, 1000);
  for (int i = 0; i < 1000; ++i) log->write("0123456789");
  EXPECT_LE(fs::file_size(path), 1000u);
  EXPECT_LE(fs::file_size(path + ".1"), 1000u);
  EXPECT_EQ(std::distance(fs::directory_iterator(dir), fs::directory_iterator()), 2);
}

TEST_F(BootLogTest, RemembersTheLastLineThatSaysSomething) {
  BootLog log;
  log.write("Linux version 6.1\r\nKernel panic - not syncing\r\n\r\n \n");
  EXPECT_EQ(log.last_line(), "Kernel panic - not syncing");
}

TEST_F(BootLogTest, PrefersALineThatIsStillBeingPrinted) {
  BootLog log;
  log.write("one\ntw");
  EXPECT_EQ(log.last_line(), "tw");
}

TEST_F(BootLogTest, PrefersInitsLastWordsToTheKernelsFarewell) {
  BootLog log;
  log.write("bulkhead: no disk\r\n[    1.4] reboot: Restarting");
  EXPECT_EQ(log.last_line(), "bulkhead: no disk");
  log.write(" system\r\n");
  EXPECT_EQ(log.last_line(), "bulkhead: no disk");
}

TEST_F(BootLogTest, PrefersAPanicToWhatFollowsIt) {
  BootLog log;
  log.write(
      "[    0.9] Kernel panic - not syncing: VFS: no root\r\n[    0.9] Kernel Offset: "
      "disabled\r\n");
  EXPECT_EQ(log.last_line(), "[    0.9] Kernel panic - not syncing: VFS: no root");
}

TEST_F(BootLogTest, SeesTheLineItWaitsForEvenIfMoreFollows) {
  BootLog log;
  log.await("guest ready");
  log.write("bulkhead: guest re");
  EXPECT_FALSE(log.seen());
  log.write("ady\r\nreboot: Restarting system\r\n");
  EXPECT_TRUE(log.seen());
}

TEST_F(BootLogTest, TamesALineMadeForTheTerminal) {
  BootLog log;
  log.write("\x1b[31m" + std::string(10'000, 'x'));
  EXPECT_EQ(log.last_line().find('\x1b'), std::string::npos);
  EXPECT_LE(log.last_line().size(), 200u);
}

}  // namespace
}  // namespace bulkhead::qemu
