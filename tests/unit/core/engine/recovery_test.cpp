#include "core/engine/recovery.hpp"

#include "containers_fixture.hpp"
#include "store/reader.hpp"

namespace bulkhead::engine {
namespace {

using model::Lifecycle;

class RecoveryTest : public ContainersTest {
 protected:
  void begin() {
    Recovery::Parts parts{*ledger_, *operations_,        containers_, images_, kernels_,
                          hosts_,   directory_ + "/run", true,        volumes_};
    std::make_shared<Recovery>(std::move(parts), [this] { recovered_ = true; })->begin();
  }
  void recover() {
    begin();
    ASSERT_TRUE(settle([&] {
      answer_storage();
      return recovered_;
    }));
  }
  Json outcome(model::Seq op) {
    auto found = store::Reader::open(ledger_->journal().path())->outcome(op);
    return found && *found ? (*found)->data : Json();
  }
  bool recovered_ = false;
};

TEST_F(RecoveryTest, AStartWhoseProcessRunsIsCompleted) {
  make();
  model::Seq op = begin_start();
  hosts_.adoptable = {"web"};
  begin();
  ASSERT_TRUE(settle([&] { return hosts_.asked("web", "runtime.inspect") != nullptr; }));
  hosts_.answer("web", "runtime.inspect", Json{{"state", "running"}, {"pid", 12}});
  ASSERT_TRUE(settle([&] {
    answer_storage();
    return recovered_;
  }));
  EXPECT_EQ(outcome(op)["recovered"], "completed");
  EXPECT_EQ(container().state, Lifecycle::kRunning);
}

// A VM that was off before its process had run says "exited" as well.
TEST_F(RecoveryTest, AStartWithoutAnExitNeverCameUp) {
  make();
  model::Seq op = begin_start();
  hosts_.adoptable = {"web"};
  begin();
  ASSERT_TRUE(settle([&] { return hosts_.asked("web", "runtime.inspect") != nullptr; }));
  hosts_.answer("web", "runtime.inspect", Json{{"state", "exited"}, {"pid", 0}});
  ASSERT_TRUE(settle([&] {
    answer_storage();
    return recovered_;
  }));
  EXPECT_EQ(outcome(op)["recovered"], "lost");
  EXPECT_EQ(container().state, Lifecycle::kCreated);
  EXPECT_TRUE(hosts_.hosts.empty());
}

TEST_F(RecoveryTest, AStartsFailureIsTakenFromItsHost) {
  make();
  model::Seq op = begin_start();
  hosts_.adoptable = {"web"};
  begin();
  ASSERT_TRUE(settle([&] { return hosts_.asked("web", "runtime.inspect") != nullptr; }));
  containers_.host_completed("web", static_cast<uint64_t>(op),
                             fail(Code::kTimeout, "the guest doesn't boot"));
  ASSERT_TRUE(settle([&] {
    answer_storage();
    return recovered_;
  }));
  EXPECT_EQ(outcome(op)["error"]["message"], "the guest doesn't boot");
  EXPECT_FALSE(container().up());
}

TEST_F(RecoveryTest, ARunningContainerWithoutAHostHasEnded) {
  make_running();
  happened("container.vm-stopped", {{"clean", true}});
  ASSERT_TRUE(container().up());
  recover();
  ASSERT_TRUE(settle([&] { return !container().up(); }));
  EXPECT_EQ(container().exit_reason, "host-lost");
}

TEST_F(RecoveryTest, NobodyWaitsForAStopThatTakesItsTime) {
  make_running();
  model::Seq op = open("container.stop", {{"signal", 15}, {"timeoutSeconds", 3600}});
  hosts_.adoptable = {"web"};
  recover();
  ASSERT_TRUE(hosts_.asked("web", "runtime.stop"));
  EXPECT_EQ(hosts_.asked("web", "runtime.stop")->request["timeoutMs"], 3'600'000);
  EXPECT_TRUE(state().operation(op));
  hosts_.answer("web", "runtime.stop", Json::object());
  hosts_.end("web", true);
  ASSERT_TRUE(settle([&] { return state().operations.empty(); }));
  EXPECT_EQ(outcome(op)["recovered"], "completed");
}

// The stop of one container comes first in the journal, and its host never answers.
TEST_F(RecoveryTest, OtherOperationsDontWaitForAStopEither) {
  make_running();
  open("container.stop", {{"signal", 15}, {"timeoutSeconds", 3600}});
  model::Seq create = open("container.create", {{"configuration", {{"id", "db"}}}}, "db");
  hosts_.adoptable = {"web"};
  recover();
  EXPECT_EQ(outcome(create)["recovered"], "lost");
  EXPECT_FALSE(state().container("db"));
}

TEST_F(RecoveryTest, AFullDiskKeepsNoOperationFromBeingDealtWith) {
  for (const char* id : {"web", "db"})
    open("container.create", {{"configuration", {{"id", id}}}}, id);
  fill_disk();
  recover();
  EXPECT_EQ(state().operations.size(), 2u);
  make_room();
  EXPECT_TRUE(settle([&] {
    operations_->retry();
    return state().operations.empty();
  }));
}

TEST_F(RecoveryTest, WhatACrashLeavesInStorageIsCollected) {
  open("container.create", {{"configuration", {{"id", "web"}}}});
  std::filesystem::create_directories(directory_ + "/containers/web");
  begin();
  bool collected = false;
  ASSERT_TRUE(settle([&] {
    for (auto& call : std::exchange(storage_.calls, {})) {
      collected = collected || call.method == "storage.gc";
      give(call.answer, call.method == "storage.gc"
                            ? Result<Json>(Json::object())
                            : fail(Code::kUnavailable, "storage is not running"));
    }
    return recovered_;
  }));
  EXPECT_TRUE(collected);
  EXPECT_FALSE(std::filesystem::exists(directory_ + "/containers/web"));
}

}  // namespace
}  // namespace bulkhead::engine
