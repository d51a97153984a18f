// The real thing: processes.
#include "core/engine/runtime_hosts.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <optional>

#include "core/engine/process_start.hpp"
#include "unit/core/loop/wait.hpp"
#include "unit/sdk/temporary_directory.hpp"

namespace bulkhead::engine {
namespace {

class RuntimeHostsTest : public testing::Test {
 protected:
  RuntimeHostsTest() {
    hosts_.set_events({[](const std::string&, uint64_t, const std::string&, const Json&) {},
                       [](const std::string&, bool, const std::string&) {},
                       [](const std::string&, uint64_t, const Result<Json>&) {}});
    std::filesystem::create_directories(directory_ / "web");
  }
  bool until(const std::function<bool()>& condition) { return loop::run_until(loop_, condition); }
  std::optional<Status> adopt(const model::RuntimeHost& known) {
    std::optional<Status> adopted;
    hosts_.adopt("web", known, [&](Status status) { adopted = std::move(status); });
    EXPECT_TRUE(until([&] { return adopted.has_value(); }));
    return adopted;
  }
  void launch(uint64_t op) {
    hosts_.launch(
        "web", op, [](const model::RuntimeHost&, const std::function<void()>& go) { go(); },
        [](const Result<model::RuntimeHost>&) {});
  }

  const TemporaryDirectory directory_;
  loop::Loop loop_;
  RuntimeHosts hosts_{
      loop_, {BULKHEAD_SCRIPTED_PLUGIN, BULKHEAD_PLUGIN_HOST, directory_ / ".", directory_ / "."}};
};

pid_t sleeper() {
  pid_t pid = fork();
  if (pid == 0) {
    execlp("sleep", "sleep", "1000", nullptr);
    _exit(1);
  }
  return pid;
}

TEST_F(RuntimeHostsTest, AHostThatCantBeReachedIsGoneBeforeItIsCalledLost) {
  const pid_t pid = sleeper();
  ASSERT_NE(process_start_time(pid), 0);
  auto adopted = adopt({pid, directory_ / "nobody.sock", process_start_time(pid)});
  EXPECT_FALSE(*adopted);
  EXPECT_EQ(kill(pid, 0), -1) << "it lives on, with its VM";
}

TEST_F(RuntimeHostsTest, AnotherProcessOfItsPidIsSpared) {
  const pid_t pid = sleeper();
  EXPECT_FALSE(*adopt({pid, directory_ / "nobody.sock", process_start_time(pid) - 1}));
  EXPECT_EQ(kill(pid, 0), 0);
  kill(pid, SIGKILL);
  waitpid(pid, nullptr, 0);
}

TEST_F(RuntimeHostsTest, WhoWaitsForTheEndWaitsForTheNextHostsToo) {
  launch(1);
  bool first = false, second = false;
  hosts_.when_gone("web", [&] {
    first = true;
    launch(2);
  });
  hosts_.when_gone("web", [&] { second = true; });
  hosts_.kill("web");
  ASSERT_TRUE(until([&] { return first; }));
  EXPECT_FALSE(second);
  ASSERT_TRUE(hosts_.find("web"));
  hosts_.kill("web");
  EXPECT_TRUE(until([&] { return second; }));
}

}  // namespace
}  // namespace bulkhead::engine
