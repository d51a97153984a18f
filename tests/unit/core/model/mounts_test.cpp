#include "model/mounts.hpp"

#include "model/mount_bodies.hpp"
#include "support.hpp"

namespace bulkhead::model {
namespace {

using namespace test;

class MountsTest : public ::testing::Test {
 protected:
  Result<Mounts> build(const Json& mounts) {
    return build_mounts(state_, {{{"mounts", mounts}, {"tmpfs", tmpfs_}}, image_volumes_, [this] {
                                   return "fresh" + std::to_string(++fresh_);
                                 }});
  }
  // Of one mount.
  Json built(const Json& mount) {
    auto result = build(Json::array({mount}));
    EXPECT_TRUE(result) << message_of(result);
    return result && !result->list.empty() ? result->list[0] : Json();
  }
  void refuses(const Json& mounts, const std::string& why) {
    auto result = build(mounts);
    EXPECT_EQ(code_of(result), Code::kInvalid) << mounts;
    EXPECT_THAT(message_of(result), HasSubstr(why)) << mounts;
  }
  void volume(const std::string& name, const std::string& format = "ext4") {
    VolumeState volume;
    volume.name = name;
    volume.format = format;
    volume.source = "/volumes/" + name;
    state_.volumes[name] = volume;
  }
  MountBodies bodies(const Json& mounts, const MountSources& sources = {}) {
    auto built = build(mounts);
    EXPECT_TRUE(built) << message_of(built);
    auto result = mount_bodies({{"mounts", built->list}}, state_, sources);
    EXPECT_TRUE(result) << message_of(result);
    return result ? *result : MountBodies();
  }

  State state_;
  Json image_volumes_;
  Json tmpfs_ = Json::array();
  int fresh_ = 0;
};

TEST_F(MountsTest, EachTypeHasItsShape) {
  EXPECT_EQ(built({{"type", "bind"}, {"source", "/src"}, {"destination", "/a/"}}),
            Json::parse(R"({"type": {"virtiofs": {}}, "source": "/src", "destination": "/a",
                            "options": []})"));
  EXPECT_EQ(built({{"type", "tmpfs"}, {"destination", "/t"}, {"options", {"size=1m", "rw"}}}),
            Json::parse(R"({"type": {"tmpfs": {}}, "source": "tmpfs", "destination": "/t",
                            "options": ["size=1m"]})"));
  volume("data");
  EXPECT_EQ(built({{"type", "volume"},
                   {"source", "data"},
                   {"destination", "/d"},
                   {"options", {"ro", "ro"}}}),
            Json::parse(R"({"type": {"volume": {"name": "data", "format": "ext4",
                            "cache": {"on": {}}, "sync": {"fsync": {}}}},
                            "source": "/volumes/data", "destination": "/d", "options": ["ro"]})"));
}

TEST_F(MountsTest, DestinationsAreNormalAndEachIsTakenOnce) {
  EXPECT_EQ(built({{"type", "tmpfs"}, {"destination", "//a/./b/../c//"}})["destination"], "/a/c");
  refuses({{{"type", "tmpfs"}, {"destination", "/a"}}, {{"type", "tmpfs"}, {"destination", "/a/"}}},
          "two mounts");
  for (const char* bad : {"", "a", "/", "/..", "/a/.."})
    refuses({{{"type", "tmpfs"}, {"destination", bad}}}, "no place");
}

TEST_F(MountsTest, RefusesWhatMeansNothing) {
  refuses({{{"type", "nfs"}, {"destination", "/a"}}}, "no type of mount");
  refuses({{{"type", "bind"}, {"source", "a"}, {"destination", "/a"}}}, "not an absolute path");
  refuses({{{"type", "volume"}, {"source", "a b"}, {"destination", "/a"}}}, "volume name");
  for (const char* option : {"size=big", "size=", "mode=9", "mode=", "mode=10000", "noexec", ""})
    refuses({{{"type", "tmpfs"}, {"destination", "/a"}, {"options", {option}}}}, "no option");
  refuses({{{"type", "volume"}, {"destination", "/a"}, {"options", {"size=1m"}}}}, "no option");
  refuses({{{"type", "volume"}, {"source", "d"}, {"destination", "/a"}},
           {{"type", "volume"}, {"source", "d"}, {"destination", "/b"}, {"options", {"ro"}}}},
          "read-only at one place");
}

TEST_F(MountsTest, NoticesAreForHostFoldersThatMayBeWrittenTo) {
  const Json folder = {
      {"type", "bind"}, {"source", "/src"}, {"destination", "/a"}, {"options", {"notify"}}};
  EXPECT_EQ(built(folder)["options"], Json::parse(R"(["notify"])"));
  refuses({{{"type", "volume"}, {"source", "d"}, {"destination", "/a"}, {"options", {"notify"}}}},
          "folders of this host only");
  refuses({{{"type", "tmpfs"}, {"destination", "/a"}, {"options", {"notify"}}}},
          "folders of this host only");
  Json both = folder;
  both["options"] = {"ro", "notify"};
  refuses(Json::array({both}), "read-only");
}

TEST_F(MountsTest, AFolderWithNoticesIsAShareOfItsOwn) {
  const Json notify = Json::parse(R"(["notify"])");
  const MountBodies made =
      bodies({{{"type", "bind"}, {"source", "/s"}, {"destination", "/a"}, {"options", notify}},
              {{"type", "bind"}, {"source", "/s"}, {"destination", "/b"}},
              {{"type", "bind"}, {"source", "/s"}, {"destination", "/c/d"}, {"options", notify}}},
             {{"/s", {MountSource::Kind::kFolder, "/s", {}}}});
  EXPECT_EQ(made.shares, Json::parse(R"([
      {"tag": "share0", "path": "/s", "notify": true, "destination": "/a"},
      {"tag": "share1", "path": "/s"},
      {"tag": "share2", "path": "/s", "notify": true, "destination": "/c/d"}])"));
  EXPECT_EQ(made.mounts[2]["source"], "share2");
}

TEST_F(MountsTest, VolumesThatArentThereAreMade) {
  volume("there");
  auto result = build({{{"type", "volume"}, {"source", "there"}, {"destination", "/a"}},
                       {{"type", "volume"}, {"source", "new"}, {"destination", "/b"}},
                       {{"type", "volume"}, {"source", "new"}, {"destination", "/c"}},
                       {{"type", "volume"}, {"destination", "/d"}}});
  ASSERT_TRUE(result) << message_of(result);
  EXPECT_EQ(result->missing, Json::parse(R"([{"name": "new"},
                                             {"name": "fresh1", "anonymous": true}])"));
  EXPECT_EQ(result->list[3]["type"]["volume"]["name"], "fresh1");
}

TEST_F(MountsTest, AnImagesVolumesGiveWayToWhatWasAskedFor) {
  image_volumes_ = {{"/data", Json::object()}, {"/cache/", Json::object()}, {"odd", nullptr}};
  tmpfs_ = {{{"destination", "/cache"}}};
  auto result = build(Json::array());
  ASSERT_TRUE(result) << message_of(result);
  EXPECT_EQ(result->missing.size(), 1u);
  EXPECT_EQ(result->list.size(), 2u);
  EXPECT_EQ(result->list[1]["destination"], "/data");
}

TEST_F(MountsTest, AnswersToOddRequestsWithSentences) {
  for (const Json& odd : {Json(5), Json("x"), Json::object(), Json()})
    EXPECT_TRUE(build(odd)) << odd;
  EXPECT_FALSE(build({5}));
}

TEST_F(MountsTest, SourcesComeWithTheOutcome) {
  Json configuration = {
      {"mounts", build({{{"type", "volume"}, {"source", "new"}, {"destination", "/b"}}})->list}};
  put_volume_sources(configuration, {{"new", "/volumes/new"}, {"other", "/x"}});
  EXPECT_EQ(configuration["mounts"][0]["source"], "/volumes/new");
  for (Json odd : {Json(), Json{{"mounts", 5}}, Json{{"mounts", {5}}}})
    put_volume_sources(odd, {{"new", "/volumes/new"}});
}

TEST_F(MountsTest, BodiesSayWhatMachineAndGuestNeed) {
  volume("data");
  volume("many", "folder");
  const MountBodies made = bodies(
      {{{"type", "volume"}, {"source", "data"}, {"destination", "/srv/data"}},
       {{"type", "volume"}, {"source", "many"}, {"destination", "/many"}},
       {{"type", "bind"}, {"source", "/src"}, {"destination", "/src"}, {"options", {"ro"}}},
       {{"type", "bind"}, {"source", "/etc/f"}, {"destination", "/f"}},
       {{"type", "bind"}, {"source", "/run/s"}, {"destination", "/s"}},
       {{"type", "tmpfs"}, {"destination", "/t"}, {"options", {"size=1m", "mode=1777", "ro"}}}},
      {{"/src", {MountSource::Kind::kFolder, "/real/src", {}}},
       {"/etc/f", {MountSource::Kind::kFile, "/links/0", "f"}},
       {"/run/s", {MountSource::Kind::kSocket, "/run/s", {}}}});
  EXPECT_EQ(made.disks, Json::parse(R"([{"serial": "volume0", "path": "/volumes/data"}])"));
  EXPECT_EQ(made.shares, Json::parse(R"([{"tag": "share0", "path": "/volumes/many"},
      {"tag": "share1", "path": "/real/src", "readOnly": true},
      {"tag": "share2", "path": "/links/0"}])"));
  EXPECT_EQ(made.sockets, Json::parse(R"([{"direction": "to-host", "guest": "/s",
                                           "host": "/run/s"}])"));
  EXPECT_EQ(made.mounts, Json::parse(R"([
      {"type": "share", "source": "share0", "destination": "/many", "copyUp": true},
      {"type": "share", "source": "share1", "destination": "/src", "readOnly": true},
      {"type": "share", "source": "share2", "destination": "/f", "file": "f"},
      {"type": "tmpfs", "destination": "/t", "sizeBytes": 1048576, "mode": 1023, "readOnly": true},
      {"type": "disk", "source": "volume0", "destination": "/srv/data", "copyUp": true}])"));
}

TEST_F(MountsTest, WhatIsMountedTwiceIsHandedOverOnce) {
  volume("data");
  const MountBodies made =
      bodies({{{"type", "volume"}, {"source", "data"}, {"destination", "/a"}},
              {{"type", "volume"}, {"source", "data"}, {"destination", "/b"}},
              {{"type", "bind"}, {"source", "/s"}, {"destination", "/c"}, {"options", {"ro"}}},
              {{"type", "bind"}, {"source", "/s"}, {"destination", "/d"}}},
             {{"/s", {MountSource::Kind::kFolder, "/s", {}}}});
  EXPECT_EQ(made.disks.size(), 1u);
  EXPECT_EQ(made.shares.size(), 2u) << "one of them can't be written to";
}

TEST_F(MountsTest, BodiesNeedWhatTheyTranslate) {
  const Json lost = {
      {"mounts", {{{"type", {{"volume", {{"name", "data"}}}}}, {"destination", "/a"}}}}};
  EXPECT_EQ(code_of(mount_bodies(lost, state_, {})), Code::kNotFound);
  const Json gone = {{"mounts", {{{"type", {{"virtiofs", Json::object()}}}, {"source", "/s"}}}}};
  EXPECT_EQ(code_of(mount_bodies(gone, state_, {})), Code::kNotFound);
}

TEST_F(MountsTest, SocketsAreKnownByTheirPlace) {
  Json machine = {{"sockets", {{{"direction", "to-guest"}}}}}, guest = Json::object();
  put_sockets({{{"direction", "to-host"}, {"guest", "/s"}, {"host", "/h"}}}, machine, guest);
  EXPECT_EQ(machine["sockets"].size(), 2u);
  EXPECT_EQ(guest["sockets"], Json::parse(R"([{"direction": "to-host", "guest": "/s", "id": 1}])"));
}

}  // namespace
}  // namespace bulkhead::model
