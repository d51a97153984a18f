#include "model/snapshot.hpp"
#include "model/volume_decide.hpp"
#include "model/volume_snapshot.hpp"
#include "model/volume_use.hpp"
#include "model/volume_view.hpp"
#include "support.hpp"

namespace bulkhead::model {
namespace {

using namespace test;

Json volume_mount(const std::string& name, Json options = Json::array()) {
  return {{"type", {{"volume", {{"name", name}}}}},
          {"destination", "/" + name},
          {"options", std::move(options)}};
}

class VolumeTest : public ::testing::Test {
 protected:
  const State& state() const { return world_.state(); }
  Event create(const CreateVolume& command) {
    Event intent = world_.take(decide_volume_create(state(), command, {}));
    world_.succeed(intent.seq, {{"path", "/volumes/" + command.name}, {"bytes", 5}});
    return intent;
  }
  // A container that mounts these.
  void container(const std::string& id, const Json& mounts, bool auto_remove = false) {
    const Json list = mounts.is_object() ? Json::array({mounts}) : mounts;
    Event intent = world_.take(
        decide_create(state(), {id, {{"id", id}, {"mounts", list}}, auto_remove, "sha256:aa"}, {}));
    world_.succeed(intent.seq);
  }
  Result<Decision> start(const std::string& id) { return decide_start(state(), {id, false}, {}); }
  Result<Decision> remove(const std::string& name) {
    return decide_volume_delete(state(), {name}, {});
  }

  World world_;
};

TEST_F(VolumeTest, IsThereFromItsOutcomeOn) {
  Event intent = world_.take(decide_volume_create(state(), {"data"}, {}));
  EXPECT_EQ(code_of(find_volume(state(), "data")), Code::kNotFound);
  EXPECT_EQ(code_of(decide_volume_create(state(), {"data"}, {})), Code::kConflict);
  EXPECT_EQ(code_of(remove("data")), Code::kNotFound);
  world_.succeed(intent.seq, {{"path", "/volumes/data"}, {"bytes", 5}});
  EXPECT_EQ((*find_volume(state(), "data"))->source, "/volumes/data");
  EXPECT_THAT(message_of(decide_volume_create(state(), {"data"}, {})), HasSubstr("data exists"));

  Event deletion = world_.take(remove("data"));
  EXPECT_EQ(code_of(remove("data")), Code::kConflict);
  world_.succeed(deletion.seq, {{"reclaimed", 1}});
  EXPECT_EQ(state().volume("data"), nullptr);
}

TEST_F(VolumeTest, WhatFailsLeavesNothingOrEverything) {
  Event intent = world_.take(decide_volume_create(state(), {"data"}, {}));
  world_.fail_with(intent.seq);
  EXPECT_EQ(state().volume("data"), nullptr);
  create({"data"});
  world_.fail_with(world_.take(remove("data")).seq);
  EXPECT_TRUE(find_volume(state(), "data"));
  EXPECT_TRUE(remove("data"));
}

TEST_F(VolumeTest, OptionsBecomeARequestOfStorage) {
  const auto request = [&](const CreateVolume& command) {
    auto decision = decide_volume_create(state(), command, {});
    EXPECT_TRUE(decision) << message_of(decision);
    return volume_request(command.name, decision ? decision->front().data : Json());
  };
  EXPECT_EQ(request({"a"}), (Json{{"volume", "a"}, {"kind", "disk"}, {"sizeBytes", 512ll << 30}}));
  EXPECT_EQ(request({"a", Json::object(), {{"size", "10g"}, {"journal", "writeback:64m"}}}),
            (Json{{"volume", "a"},
                  {"kind", "disk"},
                  {"sizeBytes", 10ll << 30},
                  {"journal", "writeback"},
                  {"journalBytes", 64 << 20}}));
  EXPECT_EQ(request({"a", Json::object(), {{"size", "10g"}}, 1 << 20})["sizeBytes"], 1 << 20);
  EXPECT_EQ(request({"a", Json::object(), {{"shared", "true"}}}),
            (Json{{"volume", "a"}, {"kind", "folder"}}));
}

TEST_F(VolumeTest, RefusesWhatCantBe) {
  for (const char* name : {"", ".", "-a", "_a", "a/b", "a b", "\xc3\xa4"})
    EXPECT_EQ(code_of(decide_volume_create(state(), {name}, {})), Code::kInvalid) << name;
  EXPECT_EQ(code_of(decide_volume_create(state(), {std::string(256, 'a')}, {})), Code::kInvalid);
  for (const Json& options :
       {Json{{"size", "big"}}, Json{{"size", "1k"}}, Json{{"size", "17t"}}, Json{{"color", "red"}},
        Json{{"size", 5}}, Json{{"journal", "none"}}, Json{{"journal", "ordered:1k"}},
        Json{{"size", "8m"}, {"journal", "ordered"}}, Json{{"shared", "maybe"}},
        Json{{"shared", "true"}, {"size", "1g"}}, Json{{"size", "64m"}, {"journal", "ordered:32m"}},
        Json::array()})
    EXPECT_EQ(code_of(decide_volume_create(state(), {"a", Json::object(), options}, {})),
              Code::kInvalid)
        << options;
  EXPECT_EQ(code_of(decide_volume_create(state(), {"a", {{"", "x"}}}, {})), Code::kInvalid);
  EXPECT_EQ(code_of(decide_volume_create(state(), {"a", Json::object(), Json::object(), 5}, {})),
            Code::kInvalid);
}

TEST_F(VolumeTest, StaysWhileAContainerRefersToIt) {
  create({"data"});
  container("web", Json::array({volume_mount("data")}));
  EXPECT_EQ(code_of(remove("data")), Code::kConflict);
  EXPECT_THAT(message_of(remove("data")), HasSubstr("used by container web"));
  EXPECT_THAT(prunable_volumes(state()), IsEmpty());
  EXPECT_TRUE(decide_volume_delete(state(), {"data", "auto-remove", "web"}, {}));
  world_.succeed(world_.take(decide_delete(state(), {"web"}, {})).seq);
  EXPECT_THAT(prunable_volumes(state()), ElementsAre("data"));
  EXPECT_TRUE(remove("data"));
}

TEST_F(VolumeTest, NobodyMountsWhatIsOnItsWayOut) {
  create({"data"});
  world_.take(remove("data"));
  EXPECT_EQ(
      code_of(decide_create(
          state(), {"web", {{"mounts", Json::array({volume_mount("data")})}}, false, "sha256:aa"},
          {})),
      Code::kConflict);
}

TEST_F(VolumeTest, ADiskHasOneRunningWriter) {
  create({"data"});
  for (const char* id : {"web", "db"}) container(id, Json::array({volume_mount("data")}));
  container("reader", Json::array({volume_mount("data", Json::array({"ro"}))}));
  container("reader2", Json::array({volume_mount("data", Json::array({"ro"}))}));
  world_.start("web");
  for (const char* id : {"db", "reader"}) {
    EXPECT_EQ(code_of(start(id)), Code::kConflict);
    EXPECT_THAT(message_of(start(id)), HasSubstr("data is in use by running container web"));
  }
  EXPECT_THAT(sharers_of_volumes(state(), world_.container("db")),
              ElementsAre("reader", "reader2", "web"));
  world_.exit("web", 0);
  world_.start("reader");
  EXPECT_TRUE(start("reader2"));
  EXPECT_THAT(message_of(start("db")), HasSubstr("in use by running container reader"));
}

TEST_F(VolumeTest, AFolderIsForAll) {
  create({"data", Json::object(), {{"shared", "true"}}});
  for (const char* id : {"web", "db"}) container(id, Json::array({volume_mount("data")}));
  world_.start("web");
  EXPECT_TRUE(start("db"));
  EXPECT_THAT(sharers_of_volumes(state(), world_.container("db")), IsEmpty());
}

TEST_F(VolumeTest, AContainerWhoseVolumeIsGoneDoesntStart) {
  container("web", Json::array({volume_mount("data")}));
  EXPECT_EQ(code_of(start("web")), Code::kNotFound);
}

TEST_F(VolumeTest, OnlyWhatNobodyNamedGoesWithItsContainer) {
  const Json anonymous = {{kAnonymousLabel, ""}};
  container("web", {volume_mount("mine"), volume_mount("named"), volume_mount("theirs")});
  const Seq made_by = world_.container("web").created_seq;
  for (const auto& [name, labels, cause] :
       {std::tuple("mine", anonymous, made_by), std::tuple("named", Json::object(), made_by),
        std::tuple("theirs", anonymous, made_by + 1000)}) {
    Event intent = world_.take(decide_volume_create(
        state(), {name, labels, Json::object(), {}, "web"}, {Json::object(), cause, {}}));
    world_.succeed(intent.seq, {{"path", "/x"}});
  }
  EXPECT_THAT(own_anonymous_volumes(state(), world_.container("web")), ElementsAre("mine"));
  container("db", Json::array({volume_mount("mine")}));
  EXPECT_THAT(own_anonymous_volumes(state(), world_.container("web")), IsEmpty());
}

TEST_F(VolumeTest, ViewsSayWhatIsKnown) {
  create({"data", {{"a", "b"}}, {{"size", "1g"}}});
  create({"shared", Json::object(), {{"shared", "true"}}});
  container("web", Json::array({volume_mount("data")}));
  const Json usage = {{"volumes", {{"data", 1000}, {"shared", 500}}},
                      {"volumeContents", {{"data", 300}}}};
  const Json list = volumes_view(state());
  EXPECT_EQ(list.size(), 2u);
  EXPECT_FALSE(list[0].contains("status"));
  const Json view = volume_view(*state().volume("data"), usage);
  EXPECT_EQ(view["id"], "data");
  EXPECT_EQ(view["configuration"]["sizeInBytes"], 1 << 30);
  EXPECT_EQ(view["configuration"]["labels"], (Json{{"a", "b"}}));
  EXPECT_EQ(view["configuration"]["source"], "/volumes/data");
  EXPECT_EQ(view["status"], (Json{{"allocatedInBytes", 1000}, {"usedInBytes", 300}}));
  EXPECT_FALSE(
      volume_view(*state().volume("shared"), usage)["configuration"].contains("sizeInBytes"));
  EXPECT_EQ(volumes_usage(state(), usage), (Json{{"total", 2},
                                                 {"active", 1},
                                                 {"sizeInBytes", 1500},
                                                 {"reclaimable", 500},
                                                 {"usedInBytes", 300}}));
}

TEST_F(VolumeTest, ASnapshotIsTheState) {
  create({"data", {{"a", "b"}}, {{"size", "1g"}}});
  create({"shared", Json::object(), {{"shared", "true"}}});
  world_.take(remove("data"));
  State again;
  ASSERT_TRUE(rest_from_snapshot(again, rest_snapshot(state())));
  EXPECT_EQ(again.volumes, state().volumes);
  EXPECT_FALSE(volume_from_snapshot(Json::object()));
}

}  // namespace
}  // namespace bulkhead::model
