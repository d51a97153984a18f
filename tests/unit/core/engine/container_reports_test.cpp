#include <gmock/gmock.h>

#include "containers_fixture.hpp"

namespace bulkhead::engine {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using ContainerReportsTest = ContainersTest;

const Json kExit = {{"exitCode", 3}, {"oomKilled", false}, {"reason", "exited"}};

TEST_F(ContainerReportsTest, AReportIsAcknowledgedWhenItIsInTheJournal) {
  make_running();
  containers_.host_reported("web", 1, "container.exited", kExit);
  EXPECT_THAT(hosts_.acked, IsEmpty());
  ASSERT_TRUE(settle([&] { return !hosts_.acked.empty(); }));
  EXPECT_EQ(container().exit_code, 3);
  containers_.host_reported("web", 1, "container.exited", {{"exitCode", 4}});
  ASSERT_TRUE(settle([&] { return hosts_.acked.size() == 2; }));
  EXPECT_EQ(container().exit_code, 3) << "a repetition";
}

// The exit is on its way into the journal when the host goes.
TEST_F(ContainerReportsTest, TheHostsEndDoesntOvertakeItsLastReport) {
  make_running();
  containers_.host_reported("web", 1, "container.exited", kExit);
  containers_.host_gone("web", false, "was killed");
  ASSERT_TRUE(settle([&] { return !container().host; }));
  EXPECT_EQ(container().exit_code, 3);
  EXPECT_EQ(container().exit_reason, "exited");
}

TEST_F(ContainerReportsTest, AHostThatDiesTakesItsContainerAlong) {
  make_running();
  containers_.host_gone("web", false, "was killed");
  ASSERT_TRUE(settle([&] { return !container().host; }));
  EXPECT_EQ(container().exit_code, 137);
  EXPECT_EQ(container().exit_reason, "host-lost");
}

TEST_F(ContainerReportsTest, AFullDiskKeepsReportsAndTheirOrder) {
  make_running();
  hosts_.hosts["web"];
  fill_disk();
  containers_.host_reported("web", 1, "container.exited", kExit);
  containers_.host_reported("web", 2, "vm.stopped", {{"clean", true}});
  bool failed = false;
  ledger_->record({model::fact("daemon/main", "daemon.tested", Json::object())},
                  [&](const Result<std::vector<model::Event>>& result) { failed = !result; });
  ASSERT_TRUE(settle([&] { return failed; }));
  containers_.upkeep();
  for (int i = 0; i < 20; ++i) settle([] { return true; });
  EXPECT_THAT(hosts_.acked, IsEmpty());
  EXPECT_TRUE(hosts_.hosts.contains("web"));
  make_room();
  ASSERT_TRUE(settle([&] {
    containers_.upkeep();
    return hosts_.hosts.empty();
  }));
  EXPECT_THAT(hosts_.acked, ElementsAre(1, 2));
  EXPECT_EQ(container().exit_code, 3);
  EXPECT_FALSE(container().host);
}

// What the journal would never take must not stop what comes after it.
TEST_F(ContainerReportsTest, AReportThatIsNoEventIsDropped) {
  make_running();
  containers_.host_reported("web", 1, "exec.exited", {{"exec", "e"}, {"password", "x"}});
  containers_.host_reported("web", 2, "container.exited", kExit);
  ASSERT_TRUE(settle([&] { return hosts_.acked.size() == 2; }));
  EXPECT_EQ(container().exit_code, 3);
}

TEST_F(ContainerReportsTest, AnOwedRemovalIsTriedAgain) {
  make("web", true);
  run();
  containers_.host_reported("web", 1, "container.exited", kExit);
  containers_.host_reported("web", 2, "vm.stopped", {{"clean", true}});
  ASSERT_TRUE(settle([&] { return !storage_.calls.empty(); }));
  auto call = std::move(storage_.calls.front());
  storage_.calls.clear();
  give(call.answer, fail(Code::kUnavailable, "storage is not running"));
  ASSERT_TRUE(settle([&] { return state().operations.empty(); }));
  EXPECT_TRUE(settle([&] {
    containers_.upkeep();
    answer_storage();
    return state().containers.empty();
  }));
}

TEST_F(ContainerReportsTest, PruneWithAKeyDeletesThemAll) {
  make("web");
  make("db");
  model::Origin origin;
  origin.idempotency_key = "key";
  std::optional<Result<Json>> pruned;
  containers_.prune(origin, into(pruned));
  ASSERT_TRUE(settle([&] {
    answer_storage();
    return pruned.has_value();
  }));
  EXPECT_TRUE(state().containers.empty());
}

}  // namespace
}  // namespace bulkhead::engine
