#include "bulkhead/child.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <thread>

namespace bulkhead {
namespace {

using testing::HasSubstr;

struct Ended {
  std::string output;
  int code = -1;
  int signal = 0;
};

// Runs a shell script whose standard output comes back.
Ended run(Program program) {
  int ends[2];
  EXPECT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  const UniqueFd reading(ends[0]);
  UniqueFd writing(ends[1]);
  program.fds.emplace_back(1, writing.get());
  const auto child = spawn(program);
  EXPECT_TRUE(child) << child.error().message;
  if (!child) return {};
  writing.reset();
  Ended ended;
  char buffer[4096];
  for (ssize_t count = 0; (count = ::read(reading.get(), buffer, sizeof buffer)) > 0;) {
    ended.output.append(buffer, static_cast<size_t>(count));
  }
  pollfd exited = {child->pidfd.get(), POLLIN, 0};
  EXPECT_EQ(::poll(&exited, 1, 60'000), 1);
  siginfo_t info = {};
  EXPECT_EQ(::waitid(P_PIDFD, static_cast<id_t>(child->pidfd.get()), &info, WEXITED), 0);
  (info.si_code == CLD_EXITED ? ended.code : ended.signal) = info.si_status;
  return ended;
}

Ended run_script(const std::string& script) {
  return run({.arguments = {"sh", "-c", script}});
}

TEST(Spawn, RunsAProgramFromPath) {
  const Ended ended = run_script("printf hello; exit 3");
  EXPECT_EQ(ended.output, "hello");
  EXPECT_EQ(ended.code, 3);
  EXPECT_EQ(run_script("kill -TERM $$").signal, SIGTERM);
}

TEST(Spawn, SaysWhyItCouldNot) {
  const auto missing = spawn({.arguments = {"/no/such/program"}});
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, Code::kNotFound);
  EXPECT_EQ(missing.error().message, "start /no/such/program: No such file or directory");
  EXPECT_EQ(spawn({.arguments = {"no-such-program-anywhere"}}).error().code, Code::kNotFound);
  EXPECT_EQ(spawn({.arguments = {"/etc/passwd"}}).error().code, Code::kDenied);
  EXPECT_FALSE(spawn({}));
  const auto nowhere = spawn({.arguments = {"/bin/true"}, .directory = "/no/such/directory"});
  ASSERT_FALSE(nowhere);
  EXPECT_THAT(nowhere.error().message, HasSubstr("change to /no/such/directory"));
  EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1) << "a child was left behind";
}

TEST(Spawn, SetsTheEnvironmentOnTopOfOurs) {
  ::setenv("BULKHEAD_TEST_OURS", "kept", 1);
  ::setenv("BULKHEAD_TEST_REPLACED", "old", 1);
  ::setenv("BULKHEAD_TEST_REPLACED_NOT", "kept", 1);
  const Ended ended =
      run({.arguments =
               {"sh", "-c",
                "echo $BULKHEAD_TEST_OURS $BULKHEAD_TEST_REPLACED $BULKHEAD_TEST_REPLACED_NOT; "
                "env | grep -c ^BULKHEAD_TEST_REPLACED="},
           .environment = {{"BULKHEAD_TEST_REPLACED", "new"}}});
  EXPECT_EQ(ended.output, "kept new kept\n1\n");
}

TEST(Spawn, StartsInTheDirectory) {
  EXPECT_EQ(run({.arguments = {"pwd"}, .directory = "/usr"}).output, "/usr\n");
}

TEST(Spawn, GivesExactlyTheDescriptorsPromised) {
  // One that isn't close-on-exec, as another library might have opened it.
  const UniqueFd leaked(::open("/dev/null", O_RDONLY));
  const UniqueFd given(::open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  const std::string list = "cd /proc/self/fd && for f in *; do [ -e $f ] && printf '%s ' $f; done";
  const Ended ended =
      run({.arguments = {"sh", "-c", "readlink /proc/self/fd/0 /proc/self/fd/7; " + list},
           .fds = {{7, given.get()}}});
  EXPECT_EQ(ended.output, "/dev/null\n/\n0 1 2 7 ");
}

TEST(Spawn, MovesDescriptorsThatAreInEachOthersPlace) {
  const UniqueFd a(::open("/usr", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  const UniqueFd b(::open("/etc", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  const std::string first = std::to_string(a.get());
  const std::string second = std::to_string(b.get());
  const Ended ended =
      run({.arguments = {"readlink", "/proc/self/fd/" + first, "/proc/self/fd/" + second},
           .fds = {{a.get(), b.get()}, {b.get(), a.get()}}});
  EXPECT_EQ(ended.output, "/etc\n/usr\n");
}

TEST(Spawn, StartsWithSignalsAsAShellWouldHaveThem) {
  std::signal(SIGPIPE, SIG_IGN);
  sigset_t some;
  sigemptyset(&some);
  sigaddset(&some, SIGTERM);
  sigset_t before;
  ::pthread_sigmask(SIG_BLOCK, &some, &before);
  const Ended ended = run({.arguments = {"grep", "-E", "^Sig(Blk|Ign):", "/proc/self/status"}});
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  EXPECT_EQ(ended.output, "SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n");
  sigset_t now;
  ::pthread_sigmask(SIG_SETMASK, nullptr, &now);
  EXPECT_FALSE(sigismember(&now, SIGINT)) << "ours were not given back";
}

TEST(Spawn, BeginsASessionIfAsked) {
  const std::string script = "cut -d' ' -f1,6 /proc/$$/stat";
  const auto is_leader = [](const std::string& line) {
    return line.substr(0, line.find(' ')) + "\n" == line.substr(line.find(' ') + 1);
  };
  EXPECT_TRUE(is_leader(run({.arguments = {"sh", "-c", script}, .new_session = true}).output));
  EXPECT_FALSE(is_leader(run({.arguments = {"sh", "-c", script}}).output));
}

TEST(Spawn, TiesAChildToTheThreadThatStartedIt) {
  Result<Child> child;
  std::thread([&] {
    child = spawn({.arguments = {"sleep", "1000"}, .parent_death_signal = SIGKILL});
  }).join();
  ASSERT_TRUE(child) << child.error().message;
  siginfo_t info = {};
  ASSERT_EQ(::waitid(P_PIDFD, static_cast<id_t>(child->pidfd.get()), &info, WEXITED), 0);
  EXPECT_EQ(info.si_status, SIGKILL);
}

TEST(Spawn, EndsWhatAChildOfItsOwnProcessesHasStarted) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root";
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  const UniqueFd reading(ends[0]);
  UniqueFd writing(ends[1]);
  auto child = spawn({.arguments = {"sh", "-c", "echo $$; sleep 1000 & exec sleep 1000"},
                      .fds = {{1, writing.get()}},
                      .own_processes = true});
  ASSERT_TRUE(child) << child.error().message;
  writing.reset();
  char text[8] = {};
  ASSERT_EQ(::read(reading.get(), text, sizeof text), 2);
  EXPECT_STREQ(text, "1\n");
  ASSERT_EQ(::kill(child->pid, SIGKILL), 0);
  EXPECT_EQ(::read(reading.get(), text, sizeof text), 0) << "the grandchild still writes";
  siginfo_t info = {};
  ::waitid(P_PIDFD, static_cast<id_t>(child->pidfd.get()), &info, WEXITED);
}

TEST(Spawn, KeepsAChildFromWritingToAFolder) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root";
  const std::filesystem::path folder =
      std::filesystem::path(testing::TempDir()) / ("sealed." + std::to_string(::getpid()));
  std::filesystem::create_directories(folder);
  const std::string script = "echo x > " + folder.string() + "/f || echo refused";
  EXPECT_EQ(run({.arguments = {"sh", "-c", script}, .read_only_folder = folder.string()}).output,
            "refused\n");
  EXPECT_EQ(run({.arguments = {"sh", "-c", script}}).output, "") << "others still can";
  const auto failed = spawn({.arguments = {"true"}, .read_only_folder = "/nowhere"});
  ASSERT_FALSE(failed);
  EXPECT_THAT(failed.error().message, HasSubstr("/nowhere"));
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace bulkhead
