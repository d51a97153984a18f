#include "core/engine/volumes.hpp"

#include "containers_fixture.hpp"
#include "model/read_json.hpp"
#include "model/volume_view.hpp"

namespace bulkhead::engine {
namespace {

Json volume_mount(const std::string& name) {
  return {{"type", {{"volume", {{"name", name}}}}},
          {"destination", "/" + name},
          {"options", Json::array()}};
}

class VolumesTest : public ContainersTest {
 protected:
  // Of storage, as if it did what it is asked.
  void serve() {
    for (auto& call : std::exchange(storage_.calls, {})) {
      methods_.push_back(call.method);
      if (call.method == "storage.create-volume") {
        const std::string name = model::read_text(call.request, "volume");
        if (name == broken_) {
          give(call.answer, fail(Code::kNoSpace, "the disk is full"));
        } else {
          give(call.answer, Json{{"path", "/volumes/" + name}, {"bytes", 5}});
        }
      } else {
        give(call.answer, Json{{"reclaimed", 7}});
      }
    }
  }
  Result<Json> done(std::optional<Result<Json>>& answer) {
    EXPECT_TRUE(settle([&] {
      serve();
      return answer.has_value();
    }));
    return answer.value_or(fail(Code::kTimeout, "no answer"));
  }
  Result<Json> create(const model::CreateVolume& command) {
    std::optional<Result<Json>> answer;
    volumes_.create(command, {}, into(answer));
    return done(answer);
  }
  Result<Json> remove(const model::DeleteVolume& command) {
    std::optional<Result<Json>> answer;
    volumes_.remove(command, {}, into(answer));
    return done(answer);
  }
  Result<Json> remove_container(const std::string& id) {
    std::optional<Result<Json>> answer;
    containers_.remove({id, true, "requested"}, {}, into(answer));
    return done(answer);
  }
  // The intent to create a container that mounts these, of which some are to be made.
  model::Event creating(const std::string& id, const Json& missing, bool auto_remove = false) {
    Json mounts = Json::array();
    for (const Json& volume : missing) mounts.push_back(volume_mount(volume["name"]));
    auto events =
        ledger_->record_sync({model::intent("container/" + id, "container.create",
                                            {{"configuration", {{"id", id}, {"mounts", mounts}}},
                                             {"autoRemove", auto_remove},
                                             {"volumes", missing}})});
    EXPECT_TRUE(events);
    return events->front();
  }
  Result<Json> make_missing(const model::Event& intent) {
    std::optional<Result<Json>> answer;
    volumes_.make_missing(intent, into(answer));
    return done(answer);
  }
  void recover() {
    bool over = false;
    for (const auto& [op, operation] : std::map(state().operations))
      if (operation.type.starts_with("volume.")) volumes_.recover(operation, [&] { over = true; });
    EXPECT_TRUE(settle([&] {
      serve();
      return over;
    }));
  }

  std::string broken_;
  std::vector<std::string> methods_;
};

TEST_F(VolumesTest, CreateAnswersWithTheVolume) {
  auto made = create({"data", {{"a", "b"}}});
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_EQ((*made)["id"], "data");
  EXPECT_EQ((*made)["configuration"]["source"], "/volumes/data");
  EXPECT_EQ(create({"data"}).error().code, Code::kConflict);
  broken_ = "full";
  EXPECT_EQ(create({"full"}).error().code, Code::kNoSpace);
  EXPECT_EQ(state().volume("full"), nullptr);
}

TEST_F(VolumesTest, RemoveAndPruneSayWhatCameFree) {
  for (const char* name : {"a", "b", "c"}) ASSERT_TRUE(create({name}));
  auto removed = remove({"a"});
  ASSERT_TRUE(removed) << removed.error().message;
  EXPECT_EQ(*removed, (Json{{"id", "a"}, {"reclaimed", 7}}));
  const model::Event intent = creating("web", {{{"name", "b"}}});
  succeeded(intent.seq);
  EXPECT_EQ(remove({"b"}).error().code, Code::kConflict);
  std::optional<Result<Json>> pruned;
  volumes_.prune({}, into(pruned));
  EXPECT_EQ(*done(pruned), (Json{{"deleted", {"c"}}, {"reclaimed", 7}}));
}

TEST_F(VolumesTest, AContainersMissingOnesAreMade) {
  ASSERT_TRUE(create({"there"}));
  const model::Event intent = creating(
      "web", {{{"name", "there"}}, {{"name", "named"}}, {{"name", "x"}, {"anonymous", true}}});
  auto paths = make_missing(intent);
  ASSERT_TRUE(paths) << paths.error().message;
  EXPECT_EQ(*paths,
            (Json{{"there", "/volumes/there"}, {"named", "/volumes/named"}, {"x", "/volumes/x"}}));
  EXPECT_TRUE(state().volume("x")->anonymous());
  EXPECT_FALSE(state().volume("named")->anonymous());
  EXPECT_EQ(state().volume("x")->made_by, intent.seq);
}

TEST_F(VolumesTest, WhatSomebodyElseIsMakingIsWaitedFor) {
  std::optional<Result<Json>> theirs, mine;
  volumes_.create({"data"}, {}, into(theirs));
  ASSERT_TRUE(settle([&] { return !storage_.calls.empty(); }));
  volumes_.make_missing(creating("web", {{{"name", "data"}}}), into(mine));
  EXPECT_FALSE(mine);
  EXPECT_EQ((*done(mine))["data"], "/volumes/data");
  EXPECT_TRUE(done(theirs));
}

TEST_F(VolumesTest, AMissingOneThatCantBeMadeIsNamed) {
  broken_ = "full";
  auto paths = make_missing(creating("web", {{{"name", "full"}}}));
  ASSERT_FALSE(paths);
  EXPECT_EQ(paths.error().message, "volume full: the disk is full");
}

TEST_F(VolumesTest, AutomaticRemovalTakesWhatNobodyNamed) {
  for (const bool wanted : {true, false}) {
    const std::string id = wanted ? "web" : "db", volume = "of-" + id;
    ASSERT_TRUE(ledger_->record_sync(
        {model::fact("property/volume.removeAnonymous", "property.set",
                     {{"key", "volume.removeAnonymous"}, {"value", wanted ? "true" : "false"}})}));
    const model::Event intent =
        creating(id, {{{"name", volume}, {"anonymous", true}}, {{"name", "kept-" + id}}}, true);
    ASSERT_TRUE(make_missing(intent));
    succeeded(intent.seq);
    succeeded(begin_start(id), {{"pid", 12}});
    happened("container.exited", {{"exitCode", 0}}, id);
    happened("container.vm-stopped", {{"clean", true}}, id);
    auto removed = remove_container(id);
    ASSERT_TRUE(removed) << removed.error().message;
    EXPECT_EQ(state().volume(volume) == nullptr, wanted);
    EXPECT_TRUE(state().volume("kept-" + id));
    EXPECT_EQ((*removed)["reclaimed"], wanted ? 14 : 7);
  }
}

TEST_F(VolumesTest, AContainerThatNeverRanLeavesNoEmptyVolume) {
  const model::Event intent = creating("web", {{{"name", "x"}, {"anonymous", true}}});
  ASSERT_TRUE(make_missing(intent));
  succeeded(intent.seq);
  ASSERT_TRUE(remove_container("web"));
  EXPECT_EQ(state().volume("x"), nullptr);
}

TEST_F(VolumesTest, RecoveryDoesAgainWhatAUserAskedFor) {
  ASSERT_TRUE(create({"old"}));
  for (const char* type : {"volume.create", "volume.delete"}) {
    const std::string name = type == std::string("volume.create") ? "new" : "old";
    ASSERT_TRUE(ledger_->record_sync(
        {model::intent("volume/" + name, type, {{"format", "ext4"}, {"sizeInBytes", 1 << 30}})}));
    recover();
  }
  EXPECT_EQ(state().volume("new")->source, "/volumes/new");
  EXPECT_EQ(state().volume("old"), nullptr);
  EXPECT_TRUE(state().operations.empty());
}

TEST_F(VolumesTest, RecoveryUndoesWhatALostContainerWanted) {
  const model::Event intent =
      creating("web", {{{"name", "a"}, {"anonymous", true}}, {{"name", "named"}}});
  ASSERT_TRUE(make_missing(intent));
  ASSERT_TRUE(
      ledger_->record_sync({model::intent("volume/half", "volume.create", {{"container", "web"}},
                                          {{{"kind", "daemon"}}, intent.seq, {}})}));
  bool over = false;
  containers_.recover_create(*state().operation(intent.seq), [&] { over = true; });
  ASSERT_TRUE(settle([&] {
    serve();
    return over;
  }));
  recover();
  EXPECT_EQ(state().volume("a"), nullptr);
  EXPECT_EQ(state().volume("half"), nullptr);
  EXPECT_TRUE(state().volume("named")) << "somebody may have meant to keep something there";
  EXPECT_TRUE(state().operations.empty());
}

// The last user's machine still writes to the disk while it shuts down.
TEST_F(VolumesTest, AStartWaitsForTheMachineThatHadTheVolume) {
  ASSERT_TRUE(create({"data"}));
  for (const char* id : {"web", "db"}) {
    const model::Event intent = creating(id, {{{"name", "data"}}});
    ASSERT_TRUE(make_missing(intent));
    succeeded(intent.seq);
  }
  hosts_.hosts["web"];
  succeeded(begin_start("web"), {{"pid", 12}});
  std::optional<Result<Json>> started;
  containers_.start({"db", false, false, {}, {}, {}}, {}, into(started));
  ASSERT_TRUE(settle([&] { return started.has_value(); }));
  EXPECT_EQ(started->error().message, "volume data is in use by running container web");
  started.reset();
  happened("container.exited", {{"exitCode", 0}}, "web");
  containers_.start({"db", false, false, {}, {}, {}}, {}, into(started));
  ASSERT_TRUE(settle([&] { return container("db").start_op != 0; }));
  EXPECT_EQ(hosts_.asked("db", "runtime.create"), nullptr);
  hosts_.end("web", true);
  ASSERT_TRUE(settle([&] { return hosts_.asked("db", "runtime.create") != nullptr; }));
  const Json& request = hosts_.asked("db", "runtime.create")->request;
  EXPECT_EQ(request["machine"]["disks"],
            (Json::array({{{"serial", "volume0"}, {"path", "/volumes/data"}}})));
  EXPECT_EQ(request["guest"]["mounts"][0]["destination"], "/data");
}

}  // namespace
}  // namespace bulkhead::engine
