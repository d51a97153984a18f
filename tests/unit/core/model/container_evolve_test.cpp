// The lifecycle as a fold, in the orders that crashes and races make of it.
#include "model/views.hpp"
#include "support.hpp"

namespace bulkhead::model {
namespace {

using namespace test;

class ContainerEvolveTest : public ::testing::Test {
 protected:
  void SetUp() override { world_.create("web"); }
  Lifecycle state() { return world_.container("web").state; }
  const ContainerState& web() { return world_.container("web"); }
  World world_;
};

TEST_F(ContainerEvolveTest, GoesThroughItsLife) {
  EXPECT_EQ(state(), Lifecycle::kCreated);
  EXPECT_EQ(web().image_disk, "/image");
  Event start = world_.take(decide_start(world_.state(), {"web", false}, {}));
  EXPECT_EQ(state(), Lifecycle::kStarting);
  world_.happen("web", "container.host-started", {{"hostPid", 5}, {"hostSocket", "/s"}});
  EXPECT_EQ(web().host, (RuntimeHost{5, "/s"}));
  Event up = world_.succeed(start.seq, {{"pid", 9}, {"accelerator", "kvm"}});
  EXPECT_EQ(state(), Lifecycle::kRunning);
  EXPECT_EQ(web().pid, 9);
  EXPECT_EQ(web().accelerator, "kvm");
  EXPECT_EQ(web().started_at_us, up.at_us);
  Event stop = world_.take(decide_stop(world_.state(), {"web", {}, 5}, {}));
  EXPECT_EQ(state(), Lifecycle::kStopping);
  world_.exit("web", 143);
  EXPECT_EQ(state(), Lifecycle::kStopped);
  EXPECT_EQ(web().exit_code, 143);
  EXPECT_EQ(web().last_report, 2);
  EXPECT_FALSE(web().host);
  world_.succeed(stop.seq, {{"exitCode", 143}});
  EXPECT_EQ(state(), Lifecycle::kStopped);
  EXPECT_EQ(web().exited_at_us, 1'700'000'500'000'000);
  Event remove = world_.take(decide_delete(world_.state(), {"web"}, {}));
  EXPECT_EQ(state(), Lifecycle::kDeleting);
  world_.succeed(remove.seq, {{"reclaimed", 1}});
  EXPECT_TRUE(world_.state().containers.empty());
  EXPECT_TRUE(world_.state().operations.empty());
}

TEST_F(ContainerEvolveTest, AFailedStartLeavesItAsItWas) {
  Event first = world_.take(decide_start(world_.state(), {"web", false}, {}));
  world_.fail_with(first.seq);
  EXPECT_EQ(state(), Lifecycle::kCreated);
  world_.start("web");
  world_.exit("web", 3);
  Event again = world_.take(decide_start(world_.state(), {"web", false}, {}));
  world_.happen("web", "container.host-started", {{"hostPid", 5}, {"hostSocket", "/s"}});
  world_.fail_with(again.seq);
  EXPECT_EQ(state(), Lifecycle::kStopped);
  EXPECT_EQ(web().exit_code, 3);
  EXPECT_FALSE(web().host);
}

TEST_F(ContainerEvolveTest, AFailedStopLeavesItRunning) {
  world_.start("web");
  Event stop = world_.take(decide_stop(world_.state(), {"web", {}, 5}, {}));
  world_.fail_with(stop.seq);
  EXPECT_EQ(state(), Lifecycle::kRunning);
}

TEST_F(ContainerEvolveTest, AFailedDeleteLeavesItAsItWas) {
  Event remove = world_.take(decide_delete(world_.state(), {"web"}, {}));
  world_.fail_with(remove.seq);
  EXPECT_EQ(state(), Lifecycle::kCreated);
  EXPECT_EQ(web().delete_op, 0);
}

TEST_F(ContainerEvolveTest, AnExitBeforeTheStartsOutcomeStays) {
  Event start = world_.take(decide_start(world_.state(), {"web", false}, {}));
  world_.happen("web", "container.exited", {{"exitCode", 1}, {"reason", "exited"}});
  world_.succeed(start.seq, {{"pid", 9}});
  EXPECT_EQ(state(), Lifecycle::kStopped);
  EXPECT_EQ(web().pid, 0);
  EXPECT_TRUE(web().started_at_us);
}

TEST_F(ContainerEvolveTest, AStopThatFoundNobodyEndsIt) {
  world_.start("web");
  Event stop = world_.take(decide_stop(world_.state(), {"web", {}, 5}, {}));
  world_.succeed(stop.seq, {{"exitCode", 137}});
  EXPECT_EQ(state(), Lifecycle::kStopped);
  EXPECT_EQ(web().exit_code, 137);
}

TEST_F(ContainerEvolveTest, ALateOutcomeOfAStopSparesTheNextRun) {
  world_.start("web");
  Event stop = world_.take(decide_stop(world_.state(), {"web", {}, 5}, {}));
  world_.exit("web", 143);
  world_.start("web");
  world_.succeed(stop.seq, {{"exitCode", 143}});
  EXPECT_EQ(state(), Lifecycle::kRunning);
}

TEST_F(ContainerEvolveTest, StopDuringAStartWaitsForIt) {
  Event start = world_.take(decide_start(world_.state(), {"web", false}, {}));
  Event stop = world_.take(decide_stop(world_.state(), {"web", {}, 5}, {}));
  EXPECT_EQ(state(), Lifecycle::kStopping);
  world_.fail_with(start.seq);
  EXPECT_EQ(state(), Lifecycle::kCreated) << "nothing to stop any more";
  world_.succeed(stop.seq, {});
  EXPECT_EQ(state(), Lifecycle::kCreated);
}

TEST_F(ContainerEvolveTest, AForcedDeleteOfARunningOneSurvivesTheExitInBetween) {
  world_.start("web");
  Event remove = world_.take(decide_delete(world_.state(), {"web", true}, {}));
  world_.exit("web", 137);
  EXPECT_EQ(state(), Lifecycle::kDeleting);
  world_.fail_with(remove.seq);
  EXPECT_EQ(state(), Lifecycle::kStopped);
}

TEST_F(ContainerEvolveTest, ALostHostIsForgotten) {
  world_.start("web");
  world_.happen("web", "container.exited", {{"exitCode", 255}, {"reason", "host-lost"}});
  EXPECT_EQ(state(), Lifecycle::kStopped);
  EXPECT_EQ(web().exit_reason, "host-lost");
  EXPECT_FALSE(web().host);
}

// The host died after it had said how the process ended: that stays what is known.
TEST_F(ContainerEvolveTest, ALateLossOfTheHostDoesntChangeAnExit) {
  world_.start("web");
  world_.happen("web", "container.exited", {{"exitCode", 3}, {"reason", "exited"}, {"report", 1}});
  world_.happen("web", "container.exited", {{"exitCode", 137}, {"reason", "host-lost"}});
  EXPECT_EQ(web().exit_code, 3);
  EXPECT_EQ(web().exit_reason, "exited");
  EXPECT_FALSE(web().host);
}

// The whole run was over before its start was said to have worked.
TEST_F(ContainerEvolveTest, AStartsLateOutcomeDoesntBringTheHostBack) {
  Event start = world_.take(decide_start(world_.state(), {"web", false}, {}));
  world_.happen("web", "container.host-started", {{"hostPid", 77}, {"hostSocket", "/sock"}});
  world_.exit("web", 0);
  EXPECT_FALSE(web().up());
  EXPECT_EQ(state(), Lifecycle::kStopped);
  world_.succeed(start.seq, {{"pid", 12}, {"hostPid", 77}, {"hostSocket", "/sock"}});
  EXPECT_FALSE(web().host);
  EXPECT_FALSE(web().up());
  EXPECT_EQ(state(), Lifecycle::kStopped);
}

TEST_F(ContainerEvolveTest, ASecondRunForgetsTheFirstsEndWhileItRuns) {
  world_.start("web");
  world_.exit("web", 3);
  world_.start("web");
  EXPECT_EQ(state(), Lifecycle::kRunning);
  EXPECT_EQ(web().last_report, 0) << "a new host counts anew";
  EXPECT_FALSE(container_view(world_.state(), web())["status"].contains("exitCode"));
  world_.exit("web", 4);
  EXPECT_EQ(container_view(world_.state(), web())["status"]["exitCode"], 4);
}

TEST_F(ContainerEvolveTest, ExecsComeAndGo) {
  world_.start("web");
  auto exec = [&](const std::string& id) {
    return world_.take(
        decide_exec(world_.state(), {"web", id, {{"arguments", {"ls"}}}, false}, {}));
  };
  Event first = exec("e1");
  EXPECT_FALSE(web().execs.at("e1").running);
  world_.succeed(first.seq, {{"pid", 20}});
  EXPECT_TRUE(web().execs.at("e1").running);
  Event second = exec("e2");
  world_.fail_with(second.seq);
  EXPECT_EQ(web().execs.count("e2"), 0u);
  Event third = exec("e3");
  world_.happen("web", "container.exec-exited", {{"exec", "e3"}, {"exitCode", 0}, {"report", 7}});
  world_.succeed(third.seq);
  EXPECT_EQ(web().execs.count("e3"), 0u) << "its end came before its beginning was recorded";
  EXPECT_EQ(web().last_report, 7);
  world_.exit("web", 0);
  EXPECT_TRUE(web().execs.empty());
}

TEST_F(ContainerEvolveTest, OutcomesOfOtherOperationsChangeNothing) {
  Event start = world_.take(decide_start(world_.state(), {"web", false}, {}));
  Event kill_like = world_.append(intent("container/web", "container.stop", {}));
  NewEvent stray;
  stray.stream = "container/web";
  stray.type = "container.start";
  stray.phase = Phase::kOutcome;
  stray.op = kill_like.seq;
  stray.data = {{"ok", true}};
  world_.append(stray);
  EXPECT_EQ(web().start_op, start.seq);
}

TEST_F(ContainerEvolveTest, ANewerRevisionStopsTheFoldOfItsStreamOnly) {
  world_.create("other");
  NewEvent future = fact("container/web", "container.exited", {{"exitCode", 1}});
  future.rev = 2;
  world_.append(future);
  EXPECT_THAT(world_.state().stalled.at("container/web"), HasSubstr("revision 2"));
  State before = world_.state();
  world_.append(intent("container/web", "container.start", {}));
  EXPECT_EQ(state(), Lifecycle::kCreated);
  world_.start("other");
  EXPECT_EQ(world_.container("other").state, Lifecycle::kRunning);
}

TEST_F(ContainerEvolveTest, UnknownTypesMoveOnlyThePosition) {
  State before = world_.state();
  Event event = world_.append(fact("container/web", "container.painted", {{"colour", "red"}}));
  before.seq = event.seq;
  before.at_us = event.at_us;
  EXPECT_EQ(world_.state(), before);
}

TEST_F(ContainerEvolveTest, KeepsTheNewestRequestsOnly) {
  Origin origin;
  for (size_t i = 0; i < State::kMaxRequests + 10; i++) {
    origin.idempotency_key = "key-" + std::to_string(i);
    world_.append(intent("test/a", "test.asked", {}, origin));
  }
  EXPECT_EQ(world_.state().requests.size(), State::kMaxRequests);
  EXPECT_EQ(world_.state().requests.count("key-9"), 0u);
  EXPECT_EQ(world_.state().requests.count("key-10"), 1u);
}

}  // namespace
}  // namespace bulkhead::model
