#include <csignal>
#include <thread>

#include "runtime_fixture.hpp"

namespace bulkhead::qemu::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

using ContainerTest = RuntimeTest;

TEST_F(ContainerTest, TellsAnAttachedClientEverythingInOrder) {
  create();
  AttachClient client;
  const auto started = call("start", process_body({"echo", "hello"}, true), client.take_far_end());
  ASSERT_TRUE(started) << started.error().message;
  EXPECT_EQ((*started)["pid"], 7);
  const auto all = client.read_all();
  EXPECT_EQ(all.out, "hello\n");
  EXPECT_EQ(all.err, "done\n");
  EXPECT_THAT(all.control,
              ElementsAre(Json{{"started", {{"pid", 7}}}}, Json{{"exit", {{"exitCode", 0}}}}));
}

TEST_F(ContainerTest, KeepsTheFirstProcessOutputInTheLog) {
  run_container({"echo", "hello"});
  ASSERT_TRUE(host.event("container.exited"));
  const std::string log = file_text(dir / "container.log");
  EXPECT_THAT(log, HasSubstr("\"s\":\"stdout\",\"d\":\"hello\""));
  EXPECT_THAT(log, HasSubstr("\"s\":\"stderr\",\"d\":\"done\""));
}

TEST_F(ContainerTest, ReportsTheExitAndThenTheEndOfTheVm) {
  run_container({"exit", "3"});
  const auto exited = host.event("container.exited");
  const auto stopped = host.event("vm.stopped");
  ASSERT_TRUE(exited && stopped);
  EXPECT_EQ((*exited)["exitCode"], 3);
  EXPECT_EQ((*exited)["reason"], "exited");
  EXPECT_EQ((*stopped)["clean"], true);
  EXPECT_THAT(host.event_types(), ElementsAre("container.exited", "vm.stopped"));
}

TEST_F(ContainerTest, KeepsWhatTheKernelSaidOnceTheProcessHasEnded) {
  run_container({"exit", "0"});
  ASSERT_TRUE(host.event("vm.stopped"));
  EXPECT_THAT(file_text(dir / "boot.log"), HasSubstr("Linux version fake"));
}

TEST_F(ContainerTest, DoesNotBelieveAGuestsClock) {
  run_container({"exit", "0"});  // the fake says 1 µs past the epoch
  EXPECT_GT((*host.event("container.exited"))["at"], 1'600'000'000'000'000);
}

TEST_F(ContainerTest, LeavesNothingBehindWhenTheCommandIsMissing) {
  create();
  AttachClient client;
  const auto started =
      call("start", process_body({"missing", "nosuch"}, true), client.take_far_end());
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().code, Code::kCommandNotFound);
  EXPECT_THAT(started.error().message, HasSubstr("nosuch"));
  EXPECT_EQ(count_children(), 0u) << "the answer comes when the VM is gone";
  EXPECT_THAT(host.event_types(), ElementsAre("vm.stopped"));
  const auto all = client.read_all();
  ASSERT_EQ(all.control.size(), 1u);
  EXPECT_EQ(all.control[0]["error"]["code"], 127);
}

TEST_F(ContainerTest, ReportsAMachineThatDiesUnderItsContainer) {
  create();
  AttachClient client;
  const auto started = call("start", process_body({"sleep"}, true), client.take_far_end());
  ASSERT_TRUE(started);
  ::kill((*call("inspect"))["pid"].get<pid_t>(), SIGKILL);
  const auto exited = host.event("container.exited");
  ASSERT_TRUE(exited);
  EXPECT_EQ((*exited)["reason"], "vm-lost");
  EXPECT_EQ((*exited)["exitCode"], 137);
  EXPECT_EQ((*host.event("vm.stopped"))["clean"], false);
  EXPECT_EQ(client.read_all().control.back()["exit"]["exitCode"], 137);
}

TEST_F(ContainerTest, FailsAStartThatTheMachineDoesNotSurvive) {
  create();
  const auto started = call("start", process_body({"vanish"}));
  ASSERT_FALSE(started);
  EXPECT_EQ(count_children(), 0u);
  EXPECT_THAT(host.event_types(), ElementsAre("vm.stopped"));
}

TEST_F(ContainerTest, SurvivesAGuestThatEndsAProcessWithoutAWord) {
  run_container({"lie"});
  const auto exited = host.event("container.exited");
  ASSERT_TRUE(exited);
  EXPECT_EQ((*exited)["exitCode"], 137);
}

TEST_F(ContainerTest, RunsManyProcessesAtOnce) {
  run_container();
  constexpr int kCount = 40;
  std::vector<AttachClient> clients(kCount);
  for (int i = 0; i < kCount; ++i) {
    const std::string id = "exec-" + std::to_string(i);
    ASSERT_TRUE(call("exec", exec_body(id, {"cat"}, true, true), clients[i].take_far_end()));
  }
  EXPECT_EQ((*call("inspect"))["processes"].size(), kCount + 1u);
  for (int i = 0; i < kCount; ++i) {
    clients[i].send_stdin("input of " + std::to_string(i));
    clients[i].end_stdin();
  }
  for (int i = 0; i < kCount; ++i) {
    EXPECT_EQ(clients[i].read_all().out, "input of " + std::to_string(i));
  }
  EXPECT_TRUE(host.event("exec.exited", kCount - 1));
  EXPECT_EQ((*call("inspect"))["processes"], Json::array({"init"}));
}

TEST_F(ContainerTest, CarriesLargeInputAndOutputWhole) {
  run_container();
  AttachClient client;
  ASSERT_TRUE(call("exec", exec_body("big", {"cat"}, true, true), client.take_far_end()));
  std::string input;
  for (int i = 0; input.size() < 8 << 20; ++i) input += std::to_string(i) + "\n";
  std::thread writer([&] {
    client.send_stdin(input);
    client.end_stdin();
  });
  const auto all = client.read_all();
  writer.join();
  EXPECT_TRUE(all.out == input) << all.out.size() << " of " << input.size();
}

TEST_F(ContainerTest, TellsADetachedExecsEnd) {
  run_container();
  ASSERT_TRUE(call("exec", exec_body("job", {"exit", "5"})));
  const auto exited = host.event("exec.exited");
  ASSERT_TRUE(exited);
  EXPECT_EQ((*exited)["exec"], "job");
  EXPECT_EQ((*exited)["exitCode"], 5);
}

TEST_F(ContainerTest, LetsAnExecFailWithoutHarm) {
  run_container();
  const auto started = call("exec", exec_body("job", {"missing", "nosuch"}));
  EXPECT_EQ(started.error().code, Code::kCommandNotFound);
  ASSERT_TRUE(call("exec", exec_body("job", {"sleep"})));
  EXPECT_EQ(call("exec", exec_body("job", {"sleep"})).error().code, Code::kConflict);
}

TEST_F(ContainerTest, RefusesAnExecWhereNothingRuns) {
  EXPECT_EQ(call("exec", exec_body("job", {"sleep"})).error().code, Code::kConflict);
  create();
  EXPECT_EQ(call("exec", exec_body("job", {"sleep"})).error().code, Code::kConflict);
}

TEST_F(ContainerTest, SendsSignals) {
  run_container();
  ASSERT_TRUE(call("signal", {{"process", "init"}, {"signal", SIGTERM}}));
  const auto exited = host.event("container.exited");
  EXPECT_EQ((*exited)["exitCode"], 143);
  EXPECT_EQ((*exited)["signal"], 15);
  EXPECT_EQ(call("signal", {{"process", "init"}, {"signal", SIGTERM}}).error().code,
            Code::kNotFound);
  EXPECT_EQ(call("signal", {{"process", "nobody"}, {"signal", SIGTERM}}).error().code,
            Code::kNotFound);
}

TEST_F(ContainerTest, TakesNumbersAndNothingElseFromTheGuest) {
  run_container();
  const auto stats = call("stats");
  ASSERT_TRUE(stats);
  EXPECT_EQ((*stats)["memoryUsageBytes"], 5);
  EXPECT_EQ((*stats)["cpuUsageUsec"], 0);
}

TEST_F(ContainerTest, StopsWithTheSignalItWasGiven) {
  run_container();
  const auto stopped = call("stop", {{"signal", SIGINT}, {"timeoutMs", 60'000}});
  ASSERT_TRUE(stopped);
  EXPECT_EQ((*stopped)["exitCode"], 130);
  EXPECT_EQ(count_children(), 0u);
  EXPECT_THAT(host.event_types(), ElementsAre("container.exited", "vm.stopped"));
}

TEST_F(ContainerTest, KillsAProcessThatIsDeafToTheSignal) {
  run_container({"deaf"});
  const auto stopped = call("stop", {{"signal", SIGTERM}, {"timeoutMs", 100}});
  ASSERT_TRUE(stopped);
  EXPECT_EQ((*stopped)["exitCode"], 137);
  EXPECT_EQ((*host.event("container.exited"))["reason"], "exited");
}

TEST_F(ContainerTest, KillsAMachineThatIsDeafToEverything) {
  run_container({"sleep"}, {"fake.immortal"});
  const auto stopped = call("stop", {{"signal", SIGKILL}, {"timeoutMs", 100}});
  ASSERT_TRUE(stopped);
  EXPECT_EQ((*stopped)["exitCode"], 137);
  EXPECT_EQ((*host.event("container.exited"))["reason"], "killed");
  EXPECT_EQ((*host.event("vm.stopped"))["clean"], false);
}

TEST_F(ContainerTest, EndsTheMachineOfAKillThatHasNoEffect) {
  run_container({"sleep"}, {"fake.immortal"});
  ASSERT_TRUE(call("signal", {{"process", "init"}, {"signal", SIGKILL}}));
  const auto exited = host.event("container.exited");
  ASSERT_TRUE(exited);
  EXPECT_EQ((*exited)["reason"], "killed");
}

TEST_F(ContainerTest, StopsWhatWasNeverStarted) {
  create();
  ASSERT_TRUE(call("stop", {{"signal", SIGTERM}, {"timeoutMs", 1000}}));
  EXPECT_THAT(host.event_types(), ElementsAre("vm.stopped"));
}

TEST_F(ContainerTest, AnswersAStopAfterTheEndAtOnce) {
  run_container({"exit", "6"});
  ASSERT_TRUE(host.event("vm.stopped"));
  EXPECT_EQ((*call("stop", {{"signal", SIGTERM}, {"timeoutMs", 1000}}))["exitCode"], 6);
}

TEST_F(ContainerTest, DeletesWhateverStillRuns) {
  run_container();
  ASSERT_TRUE(call("exec", exec_body("job", {"sleep"})));
  ASSERT_TRUE(call("delete"));
  EXPECT_EQ(count_children(), 0u);
  EXPECT_EQ((*host.event("container.exited"))["reason"], "killed");
  EXPECT_EQ((*host.event("exec.exited"))["exec"], "job");
  EXPECT_TRUE(fs::exists(dir / "container.log"));
}

TEST_F(ContainerTest, DeletesWhatIsMissing) {
  EXPECT_TRUE(call("delete"));
}

TEST_F(ContainerTest, AnswersWhateverIsOpenWhenThePluginStops) {
  run_container();
  AttachClient client;
  const bh_op hanging =
      host.submit(*plugin, "runtime.exec", exec_body("job", {"hang"}, true), client.take_far_end());
  plugin->stop();
  EXPECT_TRUE(host.completed(hanging));
  EXPECT_EQ((*host.event("container.exited"))["reason"], "killed");
  EXPECT_TRUE(client.read_all().control.back().contains("error"));
}

}  // namespace
}  // namespace bulkhead::qemu::test
