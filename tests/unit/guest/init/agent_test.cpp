// The agent with real processes, pipes and terminals, in a process of its own behind a socket; only
// the container is missing: a launcher runs the programs of this machine. What needs namespaces is
// tested in a VM (../vm).
#include "guest/init/agent.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <nlohmann/json.hpp>

#include "guest/core/command_path.hpp"
#include "guest/init/port.hpp"
#include "guest/init/process_start.hpp"
#include "host_client.hpp"

namespace bulkhead::guest {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;
using test::HostClient;
using test::process_body;
using test::Reply;

constexpr std::chrono::milliseconds kPatience = 30s;

class PlainLauncher final : public Launcher {
 public:
  Result<pid_t> launch(bool, const ProcessSpec& spec, std::string_view,
                       const ChildEnds& ends) override {
    pid_t pid = fork();
    if (pid == 0) run(spec, ends);
    return pid;
  }
  int devpts() const override { return devpts_.get(); }
  int command_status(int status) override { return status; }
  Status take_down() override { return {}; }
  Result<UniqueFd> root() const override {
    return UniqueFd(open("/", O_PATH | O_DIRECTORY | O_CLOEXEC));
  }

 private:
  [[noreturn]] static void run(const ProcessSpec& spec, const ChildEnds& ends) {
    arrange_descriptors(ends.in_fd(), ends.out_fd(), ends.err_fd(), ends.error.get(), 3);
    setsid();
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, nullptr);
    std::vector<char*> args;
    for (const std::string& arg : spec.args) args.push_back(const_cast<char*>(arg.c_str()));
    args.push_back(nullptr);
    for (const std::string& path : command_candidates(spec.args.front(), {}))
      execv(path.c_str(), args.data());
    report_failure(3, {Code::kCommandNotFound, "command not found: " + spec.args.front(), {}});
    _exit(1);
  }

  UniqueFd devpts_{open("/dev/pts", O_PATH | O_DIRECTORY | O_CLOEXEC)};
};

[[noreturn]] void run_agent(int socket) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  sigset_t all;
  sigfillset(&all);
  sigprocmask(SIG_SETMASK, &all, nullptr);
  fcntl(socket, F_SETFL, O_NONBLOCK);
  Loop loop;
  Agent agent(loop, std::make_unique<PlainLauncher>());
  Router router(agent);
  Port port(loop, router, UniqueFd(socket));
  if (!agent.watch_children() || !port.watch()) _exit(1);
  for (int timeout = -1; !agent.wants_shutdown();) {
    loop.turn(timeout);
    timeout = agent.settle();
    port.flush();
  }
  port.flush();
  _exit(0);
}

class AgentTest : public testing::Test {
 protected:
  AgentTest() {
    int ends[2];
    socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends);
    agent_ = fork();
    if (agent_ == 0) {
      close(ends[0]);
      run_agent(ends[1]);
    }
    close(ends[1]);
    socket_.reset(ends[0]);
    new_host();
  }
  ~AgentTest() override {
    kill(agent_, SIGKILL);
    waitpid(agent_, nullptr, 0);
  }

  void new_host() { client_ = std::make_unique<HostClient>(); }

  static std::string body(std::vector<std::string> args, std::string_view input, json more) {
    json process = {{"args", std::move(args)}};
    process.update(more);
    return process_body(process.dump(), input);
  }
  int32_t start(const std::string& id, const std::string& script, json more = json::object()) {
    return client_->request("POST", "/v1/processes/" + id,
                            body({"sh", "-c", script}, "", std::move(more)), false);
  }
  Reply run(const std::string& script, std::string_view input = {}) {
    int32_t stream = client_->request("POST", "/v1/processes/run-" + std::to_string(++runs_),
                                      body({"sh", "-c", script}, input, {{"stdin", true}}), true);
    EXPECT_TRUE(closed(stream)) << script;
    return client_->reply(stream);
  }
  Reply ask(const std::string& method, const std::string& path,
            const json& request = json::object()) {
    int32_t stream = client_->request(method, path, request.dump(), true);
    EXPECT_TRUE(closed(stream)) << path;
    return client_->reply(stream);
  }

  bool until(const HostClient::Condition& condition) {
    return client_->drive(socket_.get(), condition, kPatience);
  }
  bool closed(int32_t stream) {
    return until([&] { return client_->reply(stream).closed; });
  }
  bool has_output(int32_t stream, const std::string& text) {
    return until([&] { return client_->reply(stream).out().find(text) != std::string::npos; });
  }

  pid_t agent_ = -1;
  UniqueFd socket_;
  std::unique_ptr<HostClient> client_;
  int runs_ = 0;
};

TEST_F(AgentTest, OutputErrorAndExitCode) {
  Reply reply = run("echo out; echo err >&2; exit 3");
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.out(), "out\n");
  EXPECT_EQ(reply.err(), "err\n");
  EXPECT_EQ(reply.exit_code(), 3);
  EXPECT_EQ(reply.headers.at("x-signal"), "0");
  EXPECT_EQ(reply.headers.at("x-oom-killed"), "0");
  EXPECT_GT(std::stoll(reply.headers.at("x-pid")), 0);
  EXPECT_GT(std::stoll(reply.headers.at("x-at")), 1'600'000'000'000'000);
}

TEST_F(AgentTest, DeathBySignal) {
  Reply reply = run("kill -KILL $$");
  EXPECT_EQ(reply.exit_code(), 137);
  EXPECT_EQ(reply.headers.at("x-signal"), "9");
}

TEST_F(AgentTest, CommandThatIsNotThere) {
  int32_t stream = client_->request("POST", "/v1/processes/p",
                                    body({"no-such-command"}, "", json::object()), true);
  ASSERT_TRUE(closed(stream));
  EXPECT_EQ(client_->reply(stream).status, 400);
  EXPECT_EQ(json::parse(client_->reply(stream).body)["code"], 127);
  // The id is free again.
  stream = client_->request("POST", "/v1/processes/p", body({"true"}, "", json::object()), true);
  ASSERT_TRUE(closed(stream));
  EXPECT_EQ(client_->reply(stream).exit_code(), 0);
}

TEST_F(AgentTest, InputArrivesWholeAndEnds) {
  std::string input;
  for (int i = 0; i < 500'000; i++) input += static_cast<char>(i * 7 + i / 256);
  EXPECT_EQ(run("cat", input).out(), input);
}

TEST_F(AgentTest, InputLargerThanEveryWindowAndPipe) {
  Reply reply = run("sleep 0.2; wc -c", std::string(5 << 20, 'x'));
  EXPECT_EQ(std::stol(reply.out()), 5 << 20);
}

TEST_F(AgentTest, ProcessThatLeavesItsInputBehind) {
  Reply reply = run("exec 0<&-; sleep 0.2; echo done", std::string(3 << 20, 'x'));
  EXPECT_EQ(reply.out(), "done\n");
  EXPECT_EQ(reply.exit_code(), 0);
}

TEST_F(AgentTest, WithoutStdinThereIsNone) {
  int32_t stream = start("p", "cat; readlink /proc/self/fd/0");
  ASSERT_TRUE(closed(stream));
  EXPECT_EQ(client_->reply(stream).out(), "/dev/null\n");
}

TEST_F(AgentTest, NothingOfTheAgentsIsOpenInTheProcess) {
  EXPECT_EQ(run("ls -1 /proc/self/fd | tr '\\n' ' '").out(), "0 1 2 3 ");  // 3 is ls's own
}

TEST_F(AgentTest, LargeOutputInOrder) {
  Reply reply = run("seq 1 300000 | tee /dev/stderr");
  EXPECT_EQ(reply.out().size(), reply.err().size());
  EXPECT_TRUE(reply.out().ends_with("\n299999\n300000\n"));
  EXPECT_EQ(reply.out(), reply.err());
}

TEST_F(AgentTest, HostThatDoesNotReadHoldsTheProcessBack) {
  client_->set_reading(false);
  int32_t stream = start("p", "head -c 3000000 /dev/zero; echo done >&2");
  ASSERT_TRUE(until([&] { return client_->reply(stream).body.size() == 1 << 20; }));
  EXPECT_FALSE(client_->drive(
      socket_.get(), [&] { return client_->reply(stream).closed; }, 100ms));
  EXPECT_EQ(client_->reply(stream).body.size(), size_t{1} << 20);
  client_->set_reading(true);
  ASSERT_TRUE(closed(stream));
  EXPECT_EQ(client_->reply(stream).out().size(), 3'000'000u);
  EXPECT_EQ(client_->reply(stream).err(), "done\n");
}

TEST_F(AgentTest, WindowSmallerThanAFramesHeader) {
  // 1 MiB minus 5 bytes, header included; the next frame's header doesn't fit.
  client_->set_reading(false);
  int32_t stream = start("p", "head -c 900000 /dev/zero; sleep 0.1; head -c 200000 /dev/zero");
  ASSERT_TRUE(until([&] { return client_->reply(stream).body.size() == 1 << 20; }));
  client_->set_reading(true);
  ASSERT_TRUE(closed(stream));
  EXPECT_EQ(client_->reply(stream).out().size(), 1'100'000u);
}

TEST_F(AgentTest, SignalsReachTheProcess) {
  int32_t stream =
      start("p", "trap 'echo got; exit 5' TERM; echo ready; while :; do sleep 0.05; done");
  ASSERT_TRUE(has_output(stream, "ready"));
  EXPECT_EQ(ask("POST", "/v1/processes/p/signal", {{"signal", SIGTERM}}).status, 200);
  ASSERT_TRUE(closed(stream));
  EXPECT_EQ(client_->reply(stream).out(), "ready\ngot\n");
  EXPECT_EQ(client_->reply(stream).exit_code(), 5);
  EXPECT_EQ(ask("POST", "/v1/processes/p/signal", {{"signal", SIGTERM}}).status, 404);
}

TEST_F(AgentTest, SignalsAreNeitherBlockedNorIgnored) {
  Reply reply = run("grep -E 'Sig(Blk|Ign)' /proc/self/status");
  EXPECT_EQ(reply.out(), "SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n");
}

TEST_F(AgentTest, GrandchildThatKeepsTheOutputOpenDoesNotHoldTheExitBack) {
  Reply reply = run("sleep 20 & echo parent");
  EXPECT_EQ(reply.out(), "parent\n");
  EXPECT_EQ(reply.exit_code(), 0);
}

TEST_F(AgentTest, GrandchildThatStillWritesIsHeard) {
  Reply reply = run("seq 1 200000 & true");
  EXPECT_TRUE(reply.out().ends_with("\n200000\n"));
}

TEST_F(AgentTest, ResetLeavesTheProcessAloneAndItsOutputIsThrownAway) {
  std::string file = testing::TempDir() + "/agent-test-" + std::to_string(getpid());
  int32_t stream = start("p", "echo ready; head -c 5000000 /dev/zero; cat; echo over > " + file,
                         {{"stdin", true}});
  ASSERT_TRUE(has_output(stream, "ready"));
  client_->reset(stream);
  // Its id stays taken as long as it runs: both its output and its input's end must come for it to
  // finish.
  bool written = false;
  for (int i = 0; i < 300 && !written; i++) {
    ask("GET", "/v1/ping");
    std::string text;
    std::ifstream(file) >> text;
    written = text == "over";
    if (!written) usleep(20'000);
  }
  EXPECT_TRUE(written);
  unlink(file.c_str());
}

TEST_F(AgentTest, NewHostOnTheSameStreamFindsTheProcesses) {
  int32_t stream = start("p", "echo ready; sleep 30");
  ASSERT_TRUE(has_output(stream, "ready"));
  new_host();
  EXPECT_EQ(ask("GET", "/v1/ping").status, 200);
  EXPECT_EQ(ask("POST", "/v1/processes/p/resize", {{"rows", 1}, {"cols", 1}}).status, 409)
      << "it has no terminal";
  EXPECT_EQ(ask("POST", "/v1/processes/p/signal", {{"signal", SIGKILL}}).status, 200);
}

TEST_F(AgentTest, TerminalIsOneStreamWithItsSize) {
  int32_t stream =
      start("p", "stty size; tty >&2; read line; echo \"<$line>\"; stty size",
            {{"terminal", true}, {"stdin", true}, {"size", {{"rows", 33}, {"cols", 77}}}});
  ASSERT_TRUE(has_output(stream, "/dev/pts/"));
  EXPECT_THAT(client_->reply(stream).out(), testing::StartsWith("33 77\r\n"));
  EXPECT_EQ(ask("POST", "/v1/processes/p/resize", {{"rows", 44}, {"cols", 88}}).status, 200);
  client_->send(stream, "typed\n");
  ASSERT_TRUE(closed(stream));
  EXPECT_THAT(client_->reply(stream).out(), testing::HasSubstr("<typed>\r\n44 88\r\n"));
  EXPECT_EQ(client_->reply(stream).err(), "");
  EXPECT_EQ(client_->reply(stream).exit_code(), 0);
}

TEST_F(AgentTest, AUserWhoLeavesATerminalHasTypedItsEnd) {
  int32_t stream = start("p", "echo ready; cat; echo over", {{"terminal", true}, {"stdin", true}});
  ASSERT_TRUE(has_output(stream, "ready"));
  client_->send(stream, "last words\n");
  client_->finish(stream);
  ASSERT_TRUE(closed(stream));
  EXPECT_THAT(client_->reply(stream).out(), testing::HasSubstr("over"));
}

TEST_F(AgentTest, ATerminalWithoutAUserWaitsForOne) {
  int32_t stream = start("p", "timeout --foreground 1 cat; echo \"waited: $?\"",
                         {{"terminal", true}, {"stdin", false}});
  ASSERT_TRUE(closed(stream));
  EXPECT_EQ(client_->reply(stream).out(), "waited: 124\r\n") << "0 would be the end of input";
}

TEST_F(AgentTest, ManyAtOnce) {
  std::vector<int32_t> streams;
  for (int i = 0; i < 40; i++)
    streams.push_back(start("p" + std::to_string(i), "seq 1 2000; exit " + std::to_string(i)));
  for (int i = 0; i < 40; i++) {
    ASSERT_TRUE(closed(streams[static_cast<size_t>(i)]));
    const Reply& reply = client_->reply(streams[static_cast<size_t>(i)]);
    EXPECT_EQ(reply.exit_code(), i);
    EXPECT_TRUE(reply.out().ends_with("\n2000\n"));
  }
}

TEST_F(AgentTest, IdsAreTakenAsLongAsTheirProcessLives) {
  int32_t stream = start("p", "echo ready; sleep 30");
  ASSERT_TRUE(has_output(stream, "ready"));
  int32_t second =
      client_->request("POST", "/v1/processes/p", body({"true"}, "", json::object()), true);
  ASSERT_TRUE(closed(second));
  EXPECT_EQ(client_->reply(second).status, 409);
}

TEST_F(AgentTest, TouchedFilesHaveANewTime) {
  std::string file = testing::TempDir() + "/agent-touch-" + std::to_string(getpid());
  std::ofstream(file) << "x";
  const timespec old[2] = {{1000, 0}, {1000, 0}};
  utimensat(AT_FDCWD, file.c_str(), old, 0);
  EXPECT_EQ(ask("POST", "/v1/touch", {{"paths", {"/no/such/file", file}}}).body, "{}");
  struct stat status {};
  ASSERT_EQ(stat(file.c_str(), &status), 0);
  EXPECT_GT(status.st_mtim.tv_sec, 1000);
  EXPECT_EQ(status.st_atim.tv_sec, 1000);
  unlink(file.c_str());
}

TEST_F(AgentTest, ContainerIsMadeOnce) {
  json container = {
      {"hostname", "box"}, {"entropy", std::string(85, 'A') + "A=="}, {"rootfs", {{"image", "i"}}}};
  EXPECT_EQ(ask("POST", "/v1/container", container).status, 409);
}

}  // namespace
}  // namespace bulkhead::guest
