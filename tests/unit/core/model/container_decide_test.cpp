#include "model/container_decide.hpp"

#include "model/image_decide.hpp"
#include "support.hpp"

namespace bulkhead::model {
namespace {

using namespace test;

Result<Decision> create(const State& state, const std::string& id, Json resources = nullptr) {
  return decide_create(state, {id, {{"id", id}, {"resources", resources}}, false, "sha256:aa"}, {});
}

TEST(ContainerNameTest, FollowsTheGrammar) {
  for (const char* good : {"web", "a1", "Web_1.two-3", "0f", "a.b"})
    EXPECT_TRUE(check_container_name(good)) << good;
  for (std::string bad : {"", "a", "-web", ".web", "_web", "we b", "web/1", "w\xc3\xa4", "web\n"})
    EXPECT_EQ(code_of(check_container_name(bad)), Code::kInvalid) << bad;
  EXPECT_TRUE(check_container_name(std::string(63, 'a')));
  EXPECT_FALSE(check_container_name(std::string(64, 'a')));
}

TEST(DecideCreateTest, RefusesAnImageThatIsBeingDeleted) {
  World world;
  world.tag("docker.io/library/web:latest", "sha256:aa");
  Event removal = world.take(decide_image_delete(world.state(), "web", false, {}));
  auto decision = create(world.state(), "box", Json::object());
  EXPECT_EQ(code_of(decision), Code::kConflict);
  EXPECT_THAT(message_of(decision), HasSubstr("is being deleted"));
  world.fail_with(removal.seq);
  EXPECT_TRUE(create(world.state(), "box", Json::object()));
}

TEST(DecideCreateTest, RecordsTheWholeRequest) {
  World world;
  Origin origin{{{"kind", "user"}, {"uid", 1000}}, Seq(0), "key-1"};
  auto decision = decide_create(world.state(), {"web", {{"id", "web"}}, true, "sha256:aa"}, origin);
  ASSERT_TRUE(decision);
  ASSERT_EQ(decision->size(), 1u);
  const NewEvent& intent = decision->front();
  EXPECT_EQ(intent.stream, "container/web");
  EXPECT_EQ(intent.type, "container.create");
  EXPECT_EQ(intent.phase, Phase::kIntent);
  EXPECT_EQ(intent.actor["uid"], 1000);
  EXPECT_EQ(intent.data, (Json{{"configuration", {{"id", "web"}}},
                               {"autoRemove", true},
                               {"imageDigest", "sha256:aa"},
                               {"idempotencyKey", "key-1"}}));
}

TEST(DecideCreateTest, RefusesANameThatIsTakenOrBeingTaken) {
  World world;
  Event intent = world.take(create(world.state(), "web"));
  auto second = create(world.state(), "web");
  EXPECT_EQ(code_of(second), Code::kConflict);
  EXPECT_EQ(message_of(second), "a container named web is being created");
  world.succeed(intent.seq);
  EXPECT_EQ(message_of(create(world.state(), "web")), "a container named web exists");
}

TEST(DecideCreateTest, FreesTheNameOfAFailedCreate) {
  World world;
  Event intent = world.take(create(world.state(), "web"));
  world.fail_with(intent.seq);
  EXPECT_TRUE(create(world.state(), "web"));
}

TEST(DecideCreateTest, RefusesANameThatIsNone) {
  World world;
  EXPECT_EQ(code_of(create(world.state(), "-")), Code::kInvalid);
}

// Each command against a container that isn't there, or is only being created.
TEST(DecideTest, EveryCommandOnAMissingContainerSaysNotFound) {
  World world;
  world.take(create(world.state(), "half"));
  for (const char* id : {"none", "half"}) {
    const State& state = world.state();
    for (const auto& decision :
         {decide_start(state, {id, false}, {}), decide_stop(state, {id, {}, 5}, {}),
          decide_kill(state, {id, 9}, {}),
          decide_exec(state, {id, "e1", {{"arguments", {"ls"}}}, false}, {}),
          decide_delete(state, {id, true}, {})}) {
      EXPECT_EQ(code_of(decision), Code::kNotFound);
      EXPECT_EQ(message_of(decision), std::string("container not found: ") + id);
    }
  }
}

class DecideLifecycleTest : public ::testing::Test {
 protected:
  void SetUp() override { world_.create("web"); }
  World world_;
  const State& state() { return world_.state(); }
};

TEST_F(DecideLifecycleTest, StartCountsRuns) {
  auto first = decide_start(state(), {"web", true}, {});
  ASSERT_TRUE(first);
  EXPECT_EQ(first->front().data, (Json{{"run", 1}, {"attach", true}}));
  world_.start("web");
  world_.exit("web", 0);
  auto second = decide_start(state(), {"web", false}, {});
  ASSERT_TRUE(second);
  EXPECT_EQ(second->front().data["run"], 2);
}

TEST_F(DecideLifecycleTest, StartOfARunningContainerIsDoneAlreadyUnlessAttached) {
  world_.start("web");
  auto again = decide_start(state(), {"web", false}, {});
  ASSERT_TRUE(again);
  EXPECT_THAT(*again, IsEmpty());
  auto attached = decide_start(state(), {"web", true}, {});
  EXPECT_EQ(code_of(attached), Code::kConflict);
  EXPECT_THAT(message_of(attached),
              HasSubstr("attach is currently unsupported on already running containers"));
}

TEST_F(DecideLifecycleTest, StartWhileStartingIsDoneAlready) {
  world_.take(decide_start(state(), {"web", false}, {}));
  EXPECT_THAT(decide_start(state(), {"web", false}, {}).value(), IsEmpty());
}

TEST_F(DecideLifecycleTest, StartWhileStoppingOrDeletingIsRefused) {
  world_.start("web");
  world_.take(decide_stop(state(), {"web", {}, 5}, {}));
  auto stopping = decide_start(state(), {"web", false}, {});
  EXPECT_EQ(code_of(stopping), Code::kConflict);
  EXPECT_EQ(message_of(stopping), "container web is stopping, not stopped");
  world_.take(decide_delete(state(), {"web", true}, {}));
  EXPECT_EQ(message_of(decide_start(state(), {"web", false}, {})),
            "container web is deleting, not stopped");
}

TEST_F(DecideLifecycleTest, StopOfWhatDoesNotRunIsDoneAlready) {
  EXPECT_THAT(decide_stop(state(), {"web", {}, 5}, {}).value(), IsEmpty());
  world_.start("web");
  world_.exit("web", 0);
  EXPECT_THAT(decide_stop(state(), {"web", {}, 5}, {}).value(), IsEmpty());
}

TEST_F(DecideLifecycleTest, StopUsesTheAskedSignalTheImagesOrTerm) {
  world_.start("web");
  EXPECT_EQ(decide_stop(state(), {"web", {}, 5}, {})->front().data,
            (Json{{"signal", 15}, {"timeoutSeconds", 5}}));
  EXPECT_EQ(decide_stop(state(), {"web", 2, 0}, {})->front().data,
            (Json{{"signal", 2}, {"timeoutSeconds", 0}}));
  ContainerState container;
  container.configuration = {{"stopSignal", "SIGQUIT"}};
  EXPECT_EQ(stop_signal(container), 3);
  container.configuration = {{"stopSignal", "nonsense"}};
  EXPECT_EQ(stop_signal(container), 15);
  EXPECT_EQ(code_of(decide_stop(state(), {"web", 65, 5}, {})), Code::kInvalid);
  EXPECT_EQ(code_of(decide_stop(state(), {"web", 0, 5}, {})), Code::kInvalid);
  EXPECT_EQ(code_of(decide_stop(state(), {"web", 15, -1}, {})), Code::kInvalid);
}

TEST_F(DecideLifecycleTest, ASecondStopJoinsTheFirst) {
  world_.start("web");
  Event stop = world_.take(decide_stop(state(), {"web", {}, 5}, {}));
  EXPECT_THAT(decide_stop(state(), {"web", {}, 5}, {}).value(), IsEmpty());
  EXPECT_EQ(world_.container("web").stop_op, stop.seq);
}

TEST_F(DecideLifecycleTest, KillNeedsARunningContainerAndASignal) {
  auto stopped = decide_kill(state(), {"web", 9}, {});
  EXPECT_EQ(code_of(stopped), Code::kConflict);
  EXPECT_EQ(message_of(stopped), "container web is not running");
  world_.start("web");
  EXPECT_EQ(decide_kill(state(), {"web", 10}, {})->front().data, (Json{{"signal", 10}}));
  EXPECT_EQ(code_of(decide_kill(state(), {"web", 0}, {})), Code::kInvalid);
  world_.take(decide_stop(state(), {"web", {}, 5}, {}));
  EXPECT_TRUE(decide_kill(state(), {"web", 9}, {})) << "impatience with a stop is allowed";
}

TEST_F(DecideLifecycleTest, ExecNeedsARunningContainerACommandAndANewName) {
  auto exec = [&](const std::string& id, Json process) {
    return decide_exec(state(), {"web", id, std::move(process), true}, {});
  };
  Json ls = {{"arguments", {"ls", "-l"}}};
  EXPECT_EQ(code_of(exec("e1", ls)), Code::kConflict);
  world_.start("web");
  EXPECT_EQ(code_of(exec("e1", {{"arguments", Json::array()}})), Code::kInvalid);
  EXPECT_EQ(code_of(exec("", ls)), Code::kConflict);
  EXPECT_EQ(code_of(exec("init", ls)), Code::kConflict);
  auto good = exec("e1", ls);
  ASSERT_TRUE(good);
  EXPECT_EQ(good->front().data, (Json{{"exec", "e1"}, {"process", ls}, {"detach", true}}));
  world_.take(std::move(good));
  EXPECT_EQ(code_of(exec("e1", ls)), Code::kConflict);
  world_.take(decide_stop(state(), {"web", {}, 5}, {}));
  EXPECT_EQ(code_of(exec("e2", ls)), Code::kConflict) << "no exec into what is going down";
}

TEST_F(DecideLifecycleTest, DeleteWantsItStoppedOrForce) {
  world_.start("web");
  auto running = decide_delete(state(), {"web"}, {});
  EXPECT_EQ(code_of(running), Code::kConflict);
  EXPECT_EQ(message_of(running), "container web is running, not stopped");
  EXPECT_THAT(running.error().hint, HasSubstr("--force"));
  auto forced = decide_delete(state(), {"web", true, "requested"}, {});
  ASSERT_TRUE(forced);
  EXPECT_EQ(forced->front().data, (Json{{"force", true}, {"reason", "requested"}}));
  world_.take(std::move(forced));
  EXPECT_THAT(decide_delete(state(), {"web"}, {}).value(), IsEmpty()) << "it goes already";
}

TEST_F(DecideLifecycleTest, PruneTakesCreatedAndStoppedOnes) {
  world_.create("fresh");
  world_.create("runs");
  world_.start("runs");
  world_.start("web");
  world_.exit("web", 1);
  EXPECT_THAT(prunable_containers(state()), ElementsAre("fresh", "web"));
}

}  // namespace
}  // namespace bulkhead::model
