// The daemon's class against the real host program with a plugin that behaves as told.
#include "core/plugins/plugin_host.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <optional>

#include "bulkhead/unix_socket.hpp"
#include "unit/core/loop/wait.hpp"
#include "unit/sdk/temporary_directory.hpp"

namespace bulkhead::plugins {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// A host and everything it said.
struct Heard {
  struct Answer {
    Result<Json> result = Json();
    std::vector<UniqueFd> fds;
  };

  PluginHost::Events events() {
    PluginHost::Events events;
    events.ready = [this](const HostIdentity& who) { identity = who; };
    events.emitted = [this](uint64_t report, const std::string& type, const Json& data) {
      reports.push_back(report);
      emitted.push_back(type + dump_json(data));
    };
    events.completed = [this](uint64_t op, const Result<Json>& result) { orphans[op] = result; };
    events.logged = [this](int level, uint64_t op, const std::string& text) {
      log.push_back(std::to_string(level) + " " + std::to_string(op) + " " + text);
    };
    events.progress = [this](uint64_t op, const Json& note) {
      notes.push_back(std::to_string(op) + dump_json(note));
    };
    events.ended = [this](const HostEnd& how) { end = how; };
    return events;
  }

  std::optional<HostIdentity> identity;
  std::vector<uint64_t> reports;
  std::vector<std::string> emitted, log, notes;
  std::map<uint64_t, Result<Json>> orphans;
  std::map<uint64_t, Answer> answers;
  std::optional<HostEnd> end;
};

class PluginHostTest : public testing::Test {
 protected:
  void TearDown() override {
    // A host with a socket outlives its object; a test must not leave one.
    for (const pid_t pid : outliving_) {
      ::kill(pid, SIGKILL);
      ::waitpid(pid, nullptr, 0);
    }
  }

  void spawn(const std::string& socket = {}, Patience patience = {}) {
    PluginHost::Command command;
    command.program = BULKHEAD_PLUGIN_HOST;
    command.plugin = BULKHEAD_SCRIPTED_PLUGIN;
    command.socket = socket;
    command.environment = environment_;
    auto host = PluginHost::spawn(loop_, command, heard_.events(), patience);
    ASSERT_TRUE(host) << host.error().message;
    host_ = std::move(*host);
    if (!socket.empty()) outliving_.push_back(host_->pid());
  }

  void start(const Json& config = Json::object()) {
    std::optional<Status> started;
    host_->start(config, [&](Status status) { started = std::move(status); });
    ASSERT_TRUE(until([&] { return started.has_value(); }));
    ASSERT_TRUE(*started) << started->error().message;
  }

  void call(uint64_t op, const std::string& method, const Json& request = Json::object(),
            std::vector<UniqueFd> fds = {}) {
    host_->call(op, method, request, std::move(fds),
                [this, op](Result<Json> result, std::vector<UniqueFd> received) {
                  EXPECT_FALSE(heard_.answers.contains(op)) << "answered twice";
                  heard_.answers[op] = {std::move(result), std::move(received)};
                });
  }

  Result<Json> ask(const std::string& method, const Json& request = Json::object()) {
    const uint64_t op = next_op_++;
    call(op, method, request);
    EXPECT_TRUE(until([&] { return heard_.answers.contains(op); })) << method;
    return heard_.answers[op].result;
  }

  bool until(const std::function<bool()>& condition) { return loop::run_until(loop_, condition); }
  bool ends() {
    return until([&] { return heard_.end.has_value(); });
  }

  loop::Loop loop_;
  Heard heard_;
  std::unique_ptr<PluginHost> host_;
  std::vector<std::pair<std::string, std::string>> environment_;
  std::vector<pid_t> outliving_;
  uint64_t next_op_ = 100;
  const TemporaryDirectory directory_;
};

// JSON, but not what a method or an event is: everybody after here reads members of objects.
TEST_F(PluginHostTest, WhatIsNoObjectGoesNoFurther) {
  spawn();
  start();
  const auto result = ask("test.array");
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, Code::kCorrupt);
  EXPECT_THAT(result.error().message, HasSubstr("not a JSON object"));
  EXPECT_THAT(heard_.emitted, IsEmpty());
  ASSERT_EQ(heard_.log.size(), 1u);
  EXPECT_THAT(heard_.log.front(), HasSubstr("dropped an event test.event"));
}

TEST_F(PluginHostTest, GreetsStartsAndAnswers) {
  spawn();
  start({{"key", "value"}});
  ASSERT_TRUE(heard_.identity);
  EXPECT_EQ(heard_.identity->id, "scripted");
  EXPECT_EQ(heard_.identity->version, "1.2.3");
  EXPECT_THAT(heard_.identity->capabilities, ElementsAre("storage/1", "runtime/1"));
  EXPECT_EQ(heard_.identity->pid, host_->pid());
  EXPECT_FALSE(heard_.identity->started);
  EXPECT_EQ(*ask("test.echo", {{"n", 1}}), (Json{{"n", 1}}));
  EXPECT_EQ(*ask("test.config"), (Json{{"key", "value"}}));
}

TEST_F(PluginHostTest, AnswersCallsMadeBeforeItWasReady) {
  spawn();
  host_->start(Json::object(), [](const Status& started) { EXPECT_TRUE(started); });
  EXPECT_EQ(*ask("test.echo", {{"early", true}}), (Json{{"early", true}}));
}

TEST_F(PluginHostTest, PassesErrorsOnWhole) {
  spawn();
  start();
  const auto failed = ask("test.fail");
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().code, Code::kNoSpace);
  EXPECT_EQ(failed.error().message, "no room");
  EXPECT_EQ(failed.error().hint, "make some");
  const auto unknown = ask("test.unknown");
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().code, Code::kUnsupported);
  EXPECT_EQ(unknown.error().message, "the plugin scripted does not know the method test.unknown");
}

TEST_F(PluginHostTest, AnswersAPluginThatIsNotRunning) {
  spawn();
  const auto early = ask("test.echo");
  ASSERT_FALSE(early);
  EXPECT_EQ(early.error().code, Code::kConflict);
  Status started;
  bool answered = false;
  host_->start({{"refuse", "no such root"}}, [&](Status status) {
    started = std::move(status);
    answered = true;
  });
  ASSERT_TRUE(until([&] { return answered; }));
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().message, "no such root");
  EXPECT_EQ(started.error().hint, "a hint");
}

TEST_F(PluginHostTest, PassesDescriptorsBothWays) {
  spawn();
  start();
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  const UniqueFd reading(ends[0]);
  std::vector<UniqueFd> fds;
  fds.emplace_back(ends[1]);
  call(1, "test.descriptors", Json::object(), std::move(fds));
  ASSERT_TRUE(until([&] { return heard_.answers.contains(1); }));
  EXPECT_EQ(*heard_.answers[1].result, (Json{{"count", 1}}));
  char buffer[20] = {};
  EXPECT_EQ(::read(reading.get(), buffer, sizeof buffer), 7);
  EXPECT_STREQ(buffer, "written");
  EXPECT_EQ(::read(reading.get(), buffer, sizeof buffer), 0) << "nobody keeps it open";
  ASSERT_EQ(heard_.answers[1].fds.size(), 1u);
  EXPECT_EQ(::read(heard_.answers[1].fds[0].get(), buffer, sizeof buffer), 5);
}

TEST_F(PluginHostTest, AnswersOutOfOrderAndFromOtherThreads) {
  spawn();
  start();
  call(1, "test.later", {{"ms", 50}});
  call(2, "test.later", {{"ms", 0}});
  ASSERT_TRUE(until([&] { return heard_.answers.contains(2); }));
  ASSERT_TRUE(until([&] { return heard_.answers.contains(1); }));
}

TEST_F(PluginHostTest, CountsTheFirstCompletionOnly) {
  spawn();
  start();
  EXPECT_EQ(*ask("test.twice"), (Json{{"n", 1}}));
  ASSERT_TRUE(until([&] { return !heard_.log.empty(); }));
  EXPECT_THAT(heard_.log[0], HasSubstr("not open"));
}

TEST_F(PluginHostTest, CancelsAnOperation) {
  spawn();
  start();
  call(1, "test.never");
  host_->cancel(1);
  ASSERT_TRUE(until([&] { return heard_.answers.contains(1); }));
  EXPECT_EQ(heard_.answers[1].result.error().code, Code::kTimeout);
}

TEST_F(PluginHostTest, TellsLogAndProgress) {
  spawn();
  start();
  call(5, "test.talk");
  ASSERT_TRUE(until([&] { return !heard_.notes.empty() && !heard_.log.empty(); }));
  EXPECT_THAT(heard_.log, ElementsAre("2 5 a word"));
  EXPECT_THAT(heard_.notes, ElementsAre(R"(5{"done":1,"total":2})"));
}

TEST_F(PluginHostTest, ComplainsOfAPluginThatHoldsTheThread) {
  spawn();
  start();
  ASSERT_TRUE(ask("test.slow"));
  ASSERT_TRUE(until([&] { return !heard_.log.empty(); }));
  EXPECT_THAT(heard_.log[0], HasSubstr("test.slow held the plugin's thread for"));
}

TEST_F(PluginHostTest, RefusesAnAnswerThatDoesNotFitTheWire) {
  spawn();
  start();
  const auto huge = ask("test.huge");
  ASSERT_FALSE(huge);
  EXPECT_THAT(huge.error().message, HasSubstr("too large"));
  EXPECT_TRUE(ask("test.echo")) << "and goes on";
}

TEST_F(PluginHostTest, TellsEventsInOrder) {
  spawn();
  start();
  ASSERT_TRUE(ask("test.emit", {{"count", 3}}));
  EXPECT_THAT(heard_.emitted,
              ElementsAre(R"(test.event{"n":0})", R"(test.event{"n":1})", R"(test.event{"n":2})"));
  EXPECT_THAT(heard_.reports, ElementsAre(1, 2, 3));
}

TEST_F(PluginHostTest, TellsACrashAndAnswersWhatWasOpen) {
  spawn();
  start();
  call(1, "test.never");
  call(2, "test.crash");
  call(3, "test.echo");
  ASSERT_TRUE(ends());
  EXPECT_FALSE(heard_.end->asked);
  EXPECT_EQ(heard_.end->signal, SIGABRT);
  EXPECT_EQ(heard_.end->how, "was killed by signal 6");
  for (const uint64_t op : {1, 2, 3}) {
    ASSERT_TRUE(heard_.answers.contains(op));
    EXPECT_EQ(heard_.answers[op].result.error().code, Code::kUnavailable);
    EXPECT_EQ(heard_.answers[op].result.error().message,
              "the plugin scripted was killed by signal 6");
  }
  EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1) << "it is reaped";
  // Whoever asks now gets an answer too, but not from within call().
  call(4, "test.echo");
  EXPECT_FALSE(heard_.answers.contains(4));
  EXPECT_TRUE(until([&] { return heard_.answers.contains(4); }));
}

TEST_F(PluginHostTest, TellsAnExitStatus) {
  spawn();
  start();
  call(1, "test.exit", {{"status", 3}});
  ASSERT_TRUE(ends());
  EXPECT_EQ(heard_.end->exit_code, 3);
  EXPECT_EQ(heard_.end->how, "exited with status 3");
}

TEST_F(PluginHostTest, HearsWhatWasSaidBeforeACrash) {
  spawn();
  start();
  call(1, "test.emit", {{"count", 1000}});
  call(2, "test.later", {{"ms", 0}});
  ASSERT_TRUE(until([&] { return heard_.answers.contains(2); }));
  host_->kill();
  ASSERT_TRUE(ends());
  EXPECT_EQ(heard_.emitted.size(), 1000u);
}

TEST_F(PluginHostTest, StopsOnRequest) {
  spawn();
  start({{"emitOnStop", true}});
  call(1, "test.never");
  host_->stop();
  ASSERT_TRUE(until([&] { return heard_.answers.contains(1); }));
  EXPECT_EQ(heard_.answers[1].result.error().code, Code::kUnavailable);
  ASSERT_TRUE(until([&] { return !heard_.emitted.empty(); }));
  EXPECT_THAT(heard_.emitted, ElementsAre("test.stopped{}"));
  host_->ack(heard_.reports[0]);
  ASSERT_TRUE(ends());
  EXPECT_TRUE(heard_.end->asked);
  EXPECT_EQ(heard_.end->exit_code, 0);
}

TEST_F(PluginHostTest, KillsAHostThatDoesNotStop) {
  Patience patience;
  patience.stop_deadline_ms = 50;
  spawn({}, patience);
  start({{"hangOnStop", true}});
  host_->stop();
  ASSERT_TRUE(ends());
  EXPECT_EQ(heard_.end->signal, SIGKILL);
  EXPECT_EQ(heard_.end->how, "did not end in time");
}

TEST_F(PluginHostTest, KillsAHostThatDoesNotAnswer) {
  Patience patience;
  patience.ping_every_ms = 20;
  patience.ping_deadline_ms = 100;
  spawn({}, patience);
  start();
  call(1, "test.hang");
  ASSERT_TRUE(ends());
  EXPECT_THAT(heard_.end->how, HasSubstr("did not answer"));
  EXPECT_EQ(heard_.answers[1].result.error().code, Code::kUnavailable);
}

TEST_F(PluginHostTest, LetsAHostThatAnswersTakeItsTime) {
  Patience patience;
  patience.ping_every_ms = 10;
  patience.ping_deadline_ms = 30'000;
  spawn({}, patience);
  start();
  call(1, "test.later", {{"ms", 200}});
  EXPECT_TRUE(until([&] { return heard_.answers.contains(1); }));
  EXPECT_TRUE(heard_.answers[1].result);
}

TEST_F(PluginHostTest, IsRefusedByAPluginThatCannotBeCreated) {
  environment_ = {{"SCRIPTED_CREATE_FAILS", "1"}};
  spawn();
  const auto answer = ask("test.echo");
  ASSERT_FALSE(answer);
  EXPECT_THAT(answer.error().message, HasSubstr("made no instance"));
  ASSERT_TRUE(ends());
  ASSERT_TRUE(heard_.end->refused);
  EXPECT_EQ(heard_.end->exit_code, 1);
  EXPECT_THAT(heard_.end->how, HasSubstr("could not load its plugin"));
}

TEST_F(PluginHostTest, EndsAHostOfItsOwnWithTheObject) {
  spawn();
  start();
  const pid_t pid = host_->pid();
  host_.reset();
  EXPECT_EQ(::kill(pid, 0), -1) << "at once, so that a successor never meets it";
  EXPECT_FALSE(heard_.end);
}

TEST_F(PluginHostTest, MayBeDestroyedByItsCallbacks) {
  spawn();
  start();
  bool called = false;
  host_->call(1, "test.crash", Json::object(), {},
              [&](const Result<Json>&, const std::vector<UniqueFd>&) {
                called = true;
                host_.reset();
              });
  call(2, "test.echo");
  EXPECT_TRUE(until([&] { return called; }));
  for (int i = 0; i < 10; i++) loop_.run_once();
  EXPECT_FALSE(heard_.end);
}

TEST_F(PluginHostTest, CannotBeSpawnedWithoutItsProgram) {
  PluginHost::Command command;
  command.program = "/no/such/host";
  command.plugin = "x.so";
  const auto host = PluginHost::spawn(loop_, command, {});
  ASSERT_FALSE(host);
  EXPECT_EQ(host.error().code, Code::kNotFound);
}

// --- hosts that outlive the daemon

class AdoptedHostTest : public PluginHostTest {
 protected:
  // The daemon's end: no orderly farewell.
  void forget() {
    host_.reset();
    former_ = std::move(heard_);
    heard_ = {};
  }
  void adopt(Patience patience = {}) {
    auto host = PluginHost::adopt(loop_, socket_, heard_.events(), patience);
    ASSERT_TRUE(host) << host.error().message;
    host_ = std::move(*host);
    ASSERT_TRUE(until([&] { return heard_.identity.has_value(); }));
  }

  const std::string socket_ = directory_ / "host.sock";
  Heard former_;
};

TEST_F(AdoptedHostTest, GoesOnWithoutTheDaemon) {
  spawn(socket_);
  start({{"kept", true}});
  forget();
  adopt();
  EXPECT_TRUE(heard_.identity->started);
  EXPECT_EQ(heard_.identity->pid, host_->pid());
  EXPECT_EQ(*ask("test.config"), (Json{{"kept", true}}));
}

TEST_F(AdoptedHostTest, RepeatsReportsUntilTheyAreAcknowledged) {
  spawn(socket_);
  start();
  ASSERT_TRUE(ask("test.emit", {{"count", 3}}));
  host_->ack(heard_.reports[1]);
  ASSERT_TRUE(ask("test.echo"));  // so that the acknowledgement has arrived
  forget();
  adopt();
  EXPECT_TRUE(until([&] { return heard_.emitted.size() == 2; }));
  EXPECT_THAT(heard_.reports, ElementsAre(1, 3)) << "with the numbers they had";
  host_->ack(1);
  host_->ack(3);
  ASSERT_TRUE(ask("test.echo"));
  forget();
  adopt();
  ASSERT_TRUE(ask("test.echo"));
  EXPECT_THAT(heard_.emitted, IsEmpty());
}

TEST_F(AdoptedHostTest, DeliversTheEndOfAnOperationOfAnEarlierLife) {
  spawn(socket_);
  start();
  call(7, "test.later", {{"ms", 100}});
  ASSERT_TRUE(ask("test.echo"));
  forget();
  adopt();
  ASSERT_TRUE(until([&] { return heard_.orphans.contains(7); }));
  EXPECT_EQ(*heard_.orphans.at(7), (Json{{"ms", 100}}));
}

TEST_F(AdoptedHostTest, DeliversAgainWhatADaemonMayNotHaveJournaled) {
  Patience patience;
  patience.ack_after_ms = 600'000;
  spawn(socket_, patience);
  start();
  call(7, "test.echo", {{"n", 1}});
  ASSERT_TRUE(until([&] { return heard_.answers.contains(7); }));
  forget();  // before the acknowledgement
  adopt({.ack_after_ms = 0});
  ASSERT_TRUE(until([&] { return heard_.orphans.contains(7); }));
  // This daemon lives long enough to acknowledge it.
  for (int i = 0; i < 50; i++) {
    loop_.run_once();
    ::usleep(1000);
  }
  ASSERT_TRUE(ask("test.echo"));
  forget();
  adopt();
  ASSERT_TRUE(ask("test.echo"));
  EXPECT_FALSE(heard_.orphans.contains(7));
}

TEST_F(AdoptedHostTest, BelongsToTheNewestConnection) {
  spawn(socket_);
  start();
  auto older = std::move(host_);
  Heard newer;
  auto adopted = PluginHost::adopt(loop_, socket_, newer.events());
  ASSERT_TRUE(adopted);
  EXPECT_TRUE(until([&] { return newer.identity.has_value(); }));
  older.reset();
  host_ = std::move(*adopted);
  EXPECT_TRUE(ask("test.echo"));
}

TEST_F(AdoptedHostTest, TellsTheDeathOfAnAdoptedHost) {
  spawn(socket_);
  start();
  forget();
  adopt();
  call(1, "test.crash");
  ASSERT_TRUE(ends());
  EXPECT_EQ(heard_.end->how, "ended");
  EXPECT_EQ(heard_.answers[1].result.error().code, Code::kUnavailable);
}

TEST_F(AdoptedHostTest, StopsAndRemovesItsSocket) {
  spawn(socket_);
  start();
  forget();
  adopt();
  host_->stop();
  ASSERT_TRUE(ends());
  EXPECT_TRUE(heard_.end->asked);
  EXPECT_FALSE(std::filesystem::exists(socket_));
}

TEST_F(AdoptedHostTest, StopsOnSigterm) {
  spawn(socket_);
  start({{"emitOnStop", true}});
  ::kill(host_->pid(), SIGTERM);
  ASSERT_TRUE(until([&] { return heard_.emitted.size() == 1; }));
  host_->ack(1);
  ASSERT_TRUE(ends());
  EXPECT_EQ(heard_.end->exit_code, 0);
  EXPECT_FALSE(std::filesystem::exists(socket_));
}

TEST_F(AdoptedHostTest, NeverStartedItEndsWithItsFirstConnection) {
  spawn(socket_);
  ASSERT_TRUE(until([&] { return heard_.identity.has_value(); }));
  const pid_t pid = host_->pid();
  forget();
  EXPECT_EQ(::waitpid(pid, nullptr, 0), pid);
  outliving_.clear();
  EXPECT_FALSE(std::filesystem::exists(socket_));
}

TEST_F(AdoptedHostTest, IsOutOfReachOfTheTerminal) {
  spawn(socket_);
  start();
  EXPECT_EQ(::getsid(host_->pid()), host_->pid());
}

TEST_F(AdoptedHostTest, RefusesASocketThatIsTaken) {
  const auto taken = listen_unix(socket_);
  ASSERT_TRUE(taken);
  spawn(socket_);
  ASSERT_TRUE(ends());
  ASSERT_TRUE(heard_.end->refused);
  EXPECT_EQ(heard_.end->refused->code, Code::kConflict);
  outliving_.clear();
}

TEST_F(AdoptedHostTest, IsGivenUpIfItDoesNotGreet) {
  Patience patience;
  patience.ping_deadline_ms = 50;
  spawn(socket_);
  start();
  call(1, "test.hang");
  forget();
  auto host = PluginHost::adopt(loop_, socket_, heard_.events(), patience);
  ASSERT_TRUE(host) << host.error().message;
  ASSERT_TRUE(ends());
  EXPECT_EQ(heard_.end->how, "did not greet in time");
}

TEST_F(AdoptedHostTest, CannotBeAdoptedWhenItIsGone) {
  const auto host = PluginHost::adopt(loop_, socket_, {});
  ASSERT_FALSE(host);
  EXPECT_EQ(host.error().code, Code::kNotFound);
}

// What makes one host per container affordable. The limit is the design's.
TEST_F(AdoptedHostTest, IsSmall) {
  spawn(socket_);
  start();
  ASSERT_TRUE(ask("test.echo", {{"text", std::string(1000, 'x')}}));
  std::ifstream status("/proc/" + std::to_string(host_->pid()) + "/status");
  long resident_kib = 0;
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmRSS:")) resident_kib = std::stol(line.substr(6));
  }
  RecordProperty("resident_kib", static_cast<int>(resident_kib));
  EXPECT_GT(resident_kib, 0);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
  EXPECT_LE(resident_kib, 8 * 1024);
#endif
}

}  // namespace
}  // namespace bulkhead::plugins
