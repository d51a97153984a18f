// Starting the service, with a small program in the service's place (support/fake_apiserver.cpp).
#include "client/service.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <thread>

#include "bulkhead/unix_socket.hpp"
#include "client/exchange.hpp"
#include "support/session.hpp"

namespace bulkhead::cli {
namespace {

using testing::Folder;
using ::testing::HasSubstr;

class Starting : public ::testing::Test {
 protected:
  void SetUp() override {
    std::filesystem::create_directories(folder_.file("prefix/libexec/bulkhead"));
    std::filesystem::create_symlink(FAKE_APISERVER,
                                    folder_.file("prefix/libexec/bulkhead/container-apiserver"));
    options_.root = folder_.file("root");
    options_.install_root = folder_.file("prefix");
  }

  void TearDown() override {
    auto socket = connect_unix(folder_.file("root/run/api.sock"));
    if (!socket) return;
    auto exchange = Exchange::begin(std::move(*socket), {"POST", "/v1/system/stop"});
    if (exchange) (void)exchange->read_head();
  }

  Folder folder_;
  StartOptions options_;
};

TEST_F(Starting, ItAnswersAfterwardsAndIsStartedOnce) {
  const auto started = Service().start(options_);
  ASSERT_TRUE(started) << started.error().message;
  EXPECT_TRUE(*started);
  EXPECT_TRUE(connect_unix(folder_.file("root/run/api.sock")));
  const auto again = Service().start(options_);
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_FALSE(*again);
  EXPECT_EQ(folder_.read("root/starts"), "started\n");
}

TEST_F(Starting, TwoAtOnceEndWithOneService) {
  std::vector<Result<bool>> results(4);
  std::vector<std::thread> starters;
  for (auto& result : results) {
    starters.emplace_back([&result, this] { result = Service().start(options_); });
  }
  for (auto& each : starters) each.join();
  int started = 0;
  for (const auto& result : results) {
    ASSERT_TRUE(result) << result.error().message;
    started += *result ? 1 : 0;
  }
  EXPECT_EQ(started, 1);
  EXPECT_EQ(folder_.read("root/starts"), "started\n");
}

TEST_F(Starting, ItsFoldersAreItsOwnersOnly) {
  ASSERT_TRUE(Service().start(options_));
  for (const char* name : {"root", "root/run", "root/logs"}) {
    struct stat status = {};
    ASSERT_EQ(stat(folder_.file(name).c_str(), &status), 0) << name;
    EXPECT_EQ(status.st_mode & 0777, 0700U) << name;
  }
}

TEST_F(Starting, ItIsOutOfReachOfOurTerminal) {
  ASSERT_TRUE(Service().start(options_));
  EXPECT_NE(folder_.read("root/session"), std::to_string(getsid(0)) + "\n");
}

TEST_F(Starting, AnEarlyEndIsExplainedByTheLog) {
  std::filesystem::create_directories(folder_.file("root"));
  folder_.write("root/fail", "");
  const auto started = Service().start(options_);
  ASSERT_FALSE(started);
  EXPECT_THAT(started.error().message,
              HasSubstr("ended with status 3 while it started: the disk is on fire"));
  EXPECT_THAT(started.error().hint, HasSubstr("apiserver.log"));
}

TEST_F(Starting, PatienceEnds) {
  std::filesystem::create_directories(folder_.file("root"));
  folder_.write("root/silent", "");
  options_.timeout = std::chrono::seconds(0);
  const auto started = Service().start(options_);
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().code, Code::kTimeout);
}

TEST_F(Starting, ARootThatIsAFileIsNamed) {
  folder_.write("root", "");
  const auto started = Service().start(options_);
  ASSERT_FALSE(started);
  EXPECT_THAT(started.error().message, HasSubstr(folder_.file("root")));
}

TEST_F(Starting, AMissingProgramIsNamed) {
  options_.install_root = folder_.file("nowhere");
  const auto started = Service().start(options_);
  ASSERT_FALSE(started);
  EXPECT_THAT(started.error().message, HasSubstr("container-apiserver"));
}

TEST(Service, KnowsOfHostsThatOutlivedIt) {
  const Folder folder;
  setenv("CONTAINER_ROOT", folder.file("root").c_str(), 1);
  EXPECT_FALSE(Service().left_hosts());
  std::filesystem::create_directories(folder.file("root/run/hosts/probe"));
  folder.write("root/run/hosts/17.log", "");
  EXPECT_FALSE(Service().left_hosts());
  folder.write("root/run/hosts/17.sock", "");
  EXPECT_TRUE(Service().left_hosts());
  unsetenv("CONTAINER_ROOT");
}

TEST(Service, WithoutPermissionToStartTheSentenceSaysHow) {
  const auto connection = Service("/nowhere/api.sock").connect();
  ASSERT_FALSE(connection);
  EXPECT_EQ(connection.error().message, "the service isn't running");
  EXPECT_EQ(connection.error().hint, "Start it with 'container system start'.");
}

}  // namespace
}  // namespace bulkhead::cli
