// Commands, outcomes and accidents in random order. Whatever happens: a decision is either refused
// with a sentence or does what it says; the state stays within its rules; a snapshot is the state;
// no view fails.
#include <random>

#include "model/image_decide.hpp"
#include "model/property_decide.hpp"
#include "model/snapshot.hpp"
#include "model/views.hpp"
#include "model/volume_view.hpp"
#include "support.hpp"

namespace bulkhead::model {
namespace {

using namespace test;

class Chaos {
 public:
  explicit Chaos(unsigned seed) : random_(seed) {}

  void step() {
    switch (pick(12)) {
      case 0:
        return command("container.create", Lifecycle::kCreating,
                       decide_create(state(), {name(), {{"id", "x"}}, coin(), digest()}, {}));
      case 1:
        return command("container.start", Lifecycle::kStarting,
                       decide_start(state(), {name(), coin()}, {}));
      case 2:
        return command("container.stop", Lifecycle::kStopping,
                       decide_stop(state(), {name(), {}, 5}, {}));
      case 3:
        return command("container.kill", {}, decide_kill(state(), {name(), 9}, {}));
      case 4:
        return command(
            "container.exec", {},
            decide_exec(state(), {name(), std::to_string(pick(4)), {{"arguments", {"ls"}}}, coin()},
                        {}));
      case 5:
        return command("container.delete", Lifecycle::kDeleting,
                       decide_delete(state(), {name(), coin()}, {}));
      case 6:
        return world_.tag(coin() ? "docker.io/library/" + name() + ":latest" : "", digest());
      case 7:
        return remove_image();
      case 8:
        return accident();
      default:
        return finish();
    }
  }

  void check() {
    for (const auto& [id, container] : state().containers) {
      EXPECT_EQ(container.id, id);
      ContainerState settled = container;
      settled.settle();
      EXPECT_EQ(settled.state, container.state);
      EXPECT_LE(container.exited_run, container.runs);
      EXPECT_LE(container.started_run, container.runs);
      for (Seq op :
           {container.create_op, container.start_op, container.stop_op, container.delete_op})
        EXPECT_TRUE(op == 0 || state().operation(op)) << "operation " << op << " of " << id;
      EXPECT_TRUE(container.state != Lifecycle::kRunning || container.started_at_us);
      EXPECT_TRUE(container.state != Lifecycle::kStopped || container.exited_at_us);
      EXPECT_EQ(container_from_snapshot(container_snapshot(container)), container);
    }
    for (const auto& [digest, image] : state().dangling) {
      for (const auto& [reference, named] : state().images) EXPECT_NE(named.digest, digest);
      EXPECT_EQ(image_from_snapshot(image_snapshot(image)), image);
    }
    containers_view(state(), true);
    images_view(state());
    gc_roots(state());
    volumes_view(state());
    State rest;
    EXPECT_TRUE(rest_from_snapshot(rest, rest_snapshot(state())));
    EXPECT_EQ(rest.operations, state().operations);
  }

  const World& world() const { return world_; }

 private:
  const State& state() { return world_.state(); }
  unsigned pick(unsigned n) { return random_() % n; }
  bool coin() { return pick(2) == 0; }
  std::string name() { return "c" + std::to_string(pick(4)); }
  std::string digest() { return "sha256:" + std::string(60, 'a') + std::to_string(1000 + pick(4)); }

  void command(const char* type, std::optional<Lifecycle> becomes, Result<Decision> decision) {
    if (!decision) {
      EXPECT_FALSE(decision.error().message.empty());
      return;
    }
    for (NewEvent& from : *decision) {
      Event event = world_.append(std::move(from));
      EXPECT_EQ(event.type, type);
      EXPECT_TRUE(state().operation(event.seq)) << "an intent opens its operation";
      if (!becomes) continue;
      const ContainerState* container = state().container(event.key());
      ASSERT_TRUE(container) << type;
      EXPECT_EQ(container->state, *becomes) << type << " was decided and then ignored";
    }
  }

  void remove_image() {
    auto decision = decide_image_delete(state(), coin() ? name() : digest(), coin(), {});
    if (!decision) return;
    Event intent = world_.take(std::move(decision));
    Event outcome = world_.succeed(intent.seq);
    for (NewEvent& event : removal_facts(state(), removal_of(intent.data), 0, {})) {
      event.cause_index.reset();
      event.cause = outcome.seq;
      world_.append(std::move(event));
    }
  }

  // What a runtime host may report at any time.
  void accident() {
    std::string id = name();
    const ContainerState* container = state().container(id);
    if (container == nullptr || !container->up()) return;
    if (coin()) {
      world_.happen(id, "container.exited", {{"exitCode", pick(256)}, {"reason", "vm-lost"}});
      if (coin()) world_.happen(id, "container.vm-stopped", {{"clean", false}});
    } else {
      world_.happen(id, "container.exec-exited", {{"exec", std::to_string(pick(4))}});
    }
  }

  void finish() {
    if (state().operations.empty()) return;
    auto chosen = std::next(state().operations.begin(), pick(unsigned(state().operations.size())));
    Seq op = chosen->first;
    if (pick(4) == 0)
      world_.fail_with(op);
    else
      world_.succeed(op, {{"pid", 5}, {"exitCode", 0}, {"hostPid", 6}});
    EXPECT_FALSE(state().operation(op));
  }

  std::mt19937 random_;
  World world_;
};

TEST(RandomCommandsTest, NoHistoryBreaksTheRules) {
  for (unsigned seed = 1; seed <= 40; seed++) {
    Chaos chaos(seed);
    for (int i = 0; i < 400 && !::testing::Test::HasFailure(); i++) {
      chaos.step();
      if (i % 10 == 0) chaos.check();
    }
    ASSERT_FALSE(::testing::Test::HasFailure()) << "seed " << seed;

    State again;
    for (const Event& event : chaos.world().history()) evolve(again, event);
    EXPECT_EQ(again, chaos.world().state()) << "a fold of the same events is the same state";
  }
}

// Events as a damaged or malicious journal might hold them: right types, wrong data.
TEST(RandomCommandsTest, MalformedDataIsSurvived) {
  World world;
  world.create("web");
  world.tag("docker.io/library/web:latest", "sha256:aa");
  const Json odd[] = {nullptr,
                      1,
                      -1.5e300,
                      "text",
                      Json::array({1, "a", nullptr}),
                      true,
                      {{"ok", "yes"}, {"pid", "x"}, {"at", 1e300}, {"exitCode", 99999999999}},
                      {{"image", {{"descriptor", {{"digest", 7}}}}}, {"reference", {}}},
                      {{"ok", true}, {"exec", 5}, {"configuration", 7}, {"report", "x"}}};
  const char* types[] = {"container.create",       "container.start",  "container.exited",
                         "container.stop",         "container.exec",   "container.exec-exited",
                         "container.host-started", "container.delete", "image.tagged",
                         "image.untagged",         "image.deleted",    "property.set",
                         "property.cleared",       "kernel.set",       "plugin.crashed",
                         "plugin.started",         "daemon.started",   "journal.opened",
                         "accelerator.probed"};
  State state = world.state();
  for (const char* type : types)
    for (const Json& data : odd)
      for (const char* stream : {"container/web", "container/new", "image/x", "/", "none", ""})
        for (Phase phase : {Phase::kFact, Phase::kIntent, Phase::kOutcome}) {
          Event event;
          event.seq = state.seq + 1;
          event.stream = stream;
          event.type = type;
          event.phase = phase;
          if (phase != Phase::kFact) event.op = phase == Phase::kIntent ? event.seq : event.seq - 1;
          event.data = data;
          evolve(state, event);
          containers_view(state, true);
          images_view(state);
        }
  EXPECT_GT(state.seq, 2000);
}

}  // namespace
}  // namespace bulkhead::model
