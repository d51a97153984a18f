// A start that is cut short: by a stop, a deletion, the service's end, or its own failure.
#include "containers_fixture.hpp"

namespace bulkhead::engine {
namespace {

using model::Lifecycle;
using ContainerStartTest = ContainersTest;

TEST_F(ContainerStartTest, GoesThroughItsSteps) {
  make();
  run();
  EXPECT_EQ(container().state, Lifecycle::kRunning);
  ASSERT_TRUE(container().host);
  EXPECT_EQ(container().host->start_time, 7) << "what tells the host from another of its pid";
}

TEST_F(ContainerStartTest, AMachineThatOnlyBootsWithoutKvmIsBelieved) {
  kvm_usable_ = true;
  make();
  std::optional<Result<Json>> started;
  boot(started);
  EXPECT_EQ(accelerator_.describe()["kind"], "kvm");
  hosts_.answer("web", "runtime.create", Json{{"accelerator", "tcg"}});
  hosts_.answer("web", "runtime.start", Json{{"pid", 12}});
  ASSERT_TRUE(settle([&] { return started && !state().accelerator->usable; }));
  EXPECT_TRUE(*started) << "a machine without KVM is a machine";
  EXPECT_EQ(accelerator_.describe()["kind"], "tcg");
  EXPECT_EQ(accelerator_.describe()["reason"],
            "the machine of container web did not boot with KVM, and did without");
}

// A machine that is parked after "web" has run once.
struct ParkedStartTest : ContainersTest {
  ParkedStartTest() {
    make();
    builds_templates_ = true;
    std::optional<Result<Json>> started, built;
    boot(started);
    const Json machine = hosts_.asked("web", "runtime.create")->request.at("machine");
    templates_.build(machine, into(built));
    EXPECT_TRUE(settle([&] { return built.has_value(); }));
    hosts_.answer("web", "runtime.create", Json{{"accelerator", "tcg"}});
    hosts_.answer("web", "runtime.start", Json{{"pid", 12}});
    EXPECT_TRUE(until([&] { return started && !storage_.calls.empty(); }));
    parked = storage_.calls.front().request.at("container");
    answer_storage({{"imageDisk", "/i"}, {"writableDisk", "/w"}});
    hosts_.answer(parked, "runtime.park", Json{{"pid", 5}});
    answer_storage();
    containers_.host_reported("web", 1, "container.exited", {{"exitCode", 0}});
    containers_.host_reported("web", 2, "vm.stopped", {{"clean", true}});
    EXPECT_TRUE(until([&] { return container().state == Lifecycle::kStopped && gone("web"); }));
  }
  bool until(const std::function<bool()>& done) {
    return settle([&] {
      loop_.run_once();
      return done();
    });
  }
  bool gone(const std::string& id) { return !hosts_.hosts.contains(id); }
  std::string parked;
};

TEST_F(ParkedStartTest, ItsMachineBecomesTheContainers) {
  std::optional<Result<Json>> started;
  boot(started);
  EXPECT_TRUE(gone(parked));
  const Json& asked = hosts_.asked("web", "runtime.create")->request;
  EXPECT_EQ(asked.at("parked"), true);
  EXPECT_EQ(asked.at("logDir"), directory_ + "/containers/web");
  EXPECT_FALSE(asked.at("machine").contains("template"));
  EXPECT_EQ(container().host->socket, "/run/" + parked + ".sock");
  hosts_.answer("web", "runtime.create", Json{{"accelerator", "tcg"}, {"cloned", true}});
  hosts_.answer("web", "runtime.start", Json{{"pid", 12}});
  ASSERT_TRUE(until([&] { return started.has_value(); }));
  EXPECT_TRUE(*started);
  EXPECT_EQ(container().state, Lifecycle::kRunning);
}

TEST_F(ParkedStartTest, OneThatCantBeHadCostsAClone) {
  std::optional<Result<Json>> started;
  boot(started);
  hosts_.answer("web", "runtime.create", fail(Code::kUnavailable, "it stands still"));
  ASSERT_TRUE(until([&] {
    const auto* again = hosts_.asked("web", "runtime.create");
    return again && !again->request.contains("parked");
  }));
  EXPECT_TRUE(hosts_.asked("web", "runtime.create")->request.at("machine").contains("template"));
  hosts_.answer("web", "runtime.create", Json{{"accelerator", "tcg"}, {"cloned", true}});
  hosts_.answer("web", "runtime.start", Json{{"pid", 12}});
  ASSERT_TRUE(until([&] { return started.has_value(); }));
  EXPECT_TRUE(*started);
}

TEST_F(ParkedStartTest, AColdStartDoesWithout) {
  std::optional<Result<Json>> started;
  Containers::Start command{"web", false, false, {}, {}, {}};
  command.cold = true;
  containers_.start(std::move(command), {}, into(started));
  ASSERT_TRUE(until([&] { return hosts_.asked("web", "runtime.create") != nullptr; }));
  EXPECT_FALSE(hosts_.asked("web", "runtime.create")->request.contains("parked"));
  EXPECT_FALSE(gone(parked));
}

TEST_F(ContainerStartTest, AStopGivesUpTheStart) {
  make();
  std::optional<Result<Json>> started, stopped;
  boot(started);
  containers_.stop({"web", {}, 5}, {}, into(stopped));
  ASSERT_TRUE(settle([&] { return started && stopped; }));
  ASSERT_FALSE(*started);
  EXPECT_EQ(started->error().code, Code::kConflict);
  EXPECT_TRUE(*stopped) << stopped->error().message;
  EXPECT_TRUE(hosts_.hosts.empty());
  EXPECT_TRUE(state().operations.empty());
  EXPECT_EQ(container().state, Lifecycle::kCreated);
}

TEST_F(ContainerStartTest, AStopGivesUpAStartThatWaitsForTheAccelerator) {
  make();
  slow_probe_ = true;
  std::optional<Result<Json>> started, stopped;
  containers_.start({"web", false, false, {}, {}, {}}, {}, into(started));
  ASSERT_TRUE(settle([&] { return bool(probed_); }));
  containers_.stop({"web", {}, 5}, {}, into(stopped));
  ASSERT_TRUE(settle([&] { return started && stopped; }));
  EXPECT_FALSE(*started);
  EXPECT_TRUE(*stopped);
  probed_(Json{{"usable", false}});
  for (int i = 0; i < 5; ++i) settle([] { return true; });
  EXPECT_TRUE(hosts_.hosts.empty()) << "launched although given up";
}

TEST_F(ContainerStartTest, ANetworkThatRefusesItLeavesItStopped) {
  make();
  networks_.refusal = Error{Code::kConflict, "port 127.0.0.1:80/tcp is in use", {}};
  std::optional<Result<Json>> started;
  containers_.start({"web", false, false, {}, {}, {}}, {}, into(started));
  ASSERT_TRUE(settle([&] { return started.has_value(); }));
  EXPECT_EQ(started->error().message, "port 127.0.0.1:80/tcp is in use");
  EXPECT_EQ(container().state, Lifecycle::kCreated);
  EXPECT_TRUE(networks_.members.empty());
  EXPECT_TRUE(hosts_.hosts.empty());
}

TEST_F(ContainerStartTest, ItsNetworksAreLeftWhenItsMachineIsGone) {
  make();
  run();
  EXPECT_TRUE(networks_.members.contains("web"));
  EXPECT_TRUE(networks_.confirmed.contains("web"));
  std::optional<Result<Json>> stopped;
  containers_.stop({"web", {}, 5}, {}, into(stopped));
  ASSERT_TRUE(settle([&] { return hosts_.asked("web", "runtime.stop") != nullptr; }));
  hosts_.answer("web", "runtime.stop", Json::object());
  EXPECT_TRUE(networks_.members.contains("web"));
  hosts_.end("web", true);
  ASSERT_TRUE(settle([&] { return stopped.has_value(); }));
  EXPECT_TRUE(networks_.members.empty());
}

TEST_F(ContainerStartTest, AForcedDeletionGivesUpTheStart) {
  make();
  std::optional<Result<Json>> started, removed;
  boot(started);
  containers_.remove({"web", true, "requested"}, {}, into(removed));
  ASSERT_TRUE(settle([&] {
    answer_storage();
    return started && removed;
  }));
  EXPECT_FALSE(*started);
  EXPECT_TRUE(*removed) << removed->error().message;
  EXPECT_TRUE(state().containers.empty());
  EXPECT_TRUE(hosts_.hosts.empty());
}

TEST_F(ContainerStartTest, TheServicesEndGivesUpStartsAndStopsTheRest) {
  make();
  make("db");
  run("db");
  std::optional<Result<Json>> started, refused;
  boot(started);
  bool closed = false, ended = false;
  containers_.close([&] { closed = true; });
  ASSERT_TRUE(settle([&] { return closed && started; }));
  EXPECT_FALSE(*started);
  containers_.stop_all({}, [&] { ended = true; });
  ASSERT_TRUE(settle([&] { return hosts_.asked("db", "runtime.stop") != nullptr; }));
  hosts_.answer("db", "runtime.stop", Json::object());
  hosts_.end("db", true);
  ASSERT_TRUE(settle([&] { return ended; }));
  EXPECT_TRUE(hosts_.hosts.empty());
  containers_.start({"web", false, false, {}, {}, {}}, {}, into(refused));
  ASSERT_TRUE(settle([&] { return refused.has_value(); }));
  EXPECT_EQ(refused->error().code, Code::kUnavailable);
}

TEST_F(ContainerStartTest, AContainerThatCantBeStoppedIsKilledAtTheServicesEnd) {
  make();
  run();
  bool ended = false;
  containers_.close([&] { containers_.stop_all({}, [&] { ended = true; }); });
  ASSERT_TRUE(settle([&] { return hosts_.asked("web", "runtime.stop") != nullptr; }));
  hosts_.answer("web", "runtime.stop", fail(Code::kInternal, "the guest doesn't answer"));
  EXPECT_TRUE(settle([&] { return ended; }));
}

TEST_F(ContainerStartTest, OneThatIsRemovedWhenItEndsIsRemovedWhenItsStartFails) {
  make("web", true);
  std::optional<Result<Json>> started;
  boot(started);
  hosts_.answer("web", "runtime.create", fail(Code::kTimeout, "the guest doesn't boot"));
  EXPECT_TRUE(settle([&] {
    answer_storage();
    return state().containers.empty();
  }));
  EXPECT_EQ(started->error().code, Code::kTimeout);
}

// The end of the host is heard of before the journal knows that the container has come up.
TEST_F(ContainerStartTest, AHostThatDiesWithTheLastStepLeavesNoRunningContainer) {
  make();
  std::optional<Result<Json>> started;
  boot(started);
  hosts_.answer("web", "runtime.create", Json::object());
  hosts_.answer("web", "runtime.start", Json{{"pid", 12}});
  hosts_.end("web", false);
  EXPECT_TRUE(settle([&] { return started && container().state == Lifecycle::kStopped; }));
  EXPECT_EQ(container().exit_reason, "host-lost");
}

}  // namespace
}  // namespace bulkhead::engine
