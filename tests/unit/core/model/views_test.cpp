#include "model/views.hpp"

#include "model/snapshot.hpp"
#include "support.hpp"

namespace bulkhead::model {
namespace {

using namespace test;

class ViewsTest : public ::testing::Test {
 protected:
  Json status(const std::string& id) {
    return container_view(world_.state(), world_.container(id))["status"];
  }
  std::vector<std::string> ids(bool all) {
    std::vector<std::string> list;
    for (const Json& view : containers_view(world_.state(), all)) list.push_back(view["id"]);
    return list;
  }
  World world_;
};

TEST_F(ViewsTest, StatusOverALife) {
  world_.create("web");
  EXPECT_EQ(status("web"), (Json{{"state", "stopped"}, {"networks", Json::array()}}));
  Event start = world_.take(decide_start(world_.state(), {"web", false}, {}));
  EXPECT_EQ(status("web")["state"], "stopped") << "not up yet";
  Event up = world_.succeed(start.seq, {{"pid", 9}});
  EXPECT_EQ(status("web")["state"], "running");
  EXPECT_EQ(status("web")["startedDate"], "2023-11-14T22:13:24Z");
  world_.take(decide_stop(world_.state(), {"web", {}, 5}, {}));
  EXPECT_EQ(status("web")["state"], "stopping");
  world_.exit("web", 143);
  EXPECT_EQ(status("web"), Json::parse(R"({"state": "stopped", "networks": [], "exitCode": 143,
    "startedDate": "2023-11-14T22:13:24Z", "exitedDate": "2023-11-14T22:21:40Z",
    "oomKilled": false, "reason": "exited"})"));
  Event again = world_.take(decide_start(world_.state(), {"web", false}, {}));
  EXPECT_EQ(status("web")["state"], "stopped");
  world_.fail_with(again.seq);
  world_.take(decide_delete(world_.state(), {"web"}, {}));
  EXPECT_EQ(status("web")["state"], "stopped") << "going, but still there";
}

TEST_F(ViewsTest, WhatCarriesEachFolderWhileItRuns) {
  world_.create("web");
  Event start = world_.take(decide_start(world_.state(), {"web", false}, {}));
  world_.succeed(start.seq, Json::parse(R"({"pid": 9, "shares": [
    {"tag": "share0", "transport": "virtiofs", "destinations": ["/a", "/b"]},
    {"tag": "share1", "transport": "9p", "reason": "no virtiofsd", "destinations": ["/c"]}]})"));
  const Json mounts = Json::parse(R"([{"destination": "/a", "transport": "virtiofs"},
    {"destination": "/b", "transport": "virtiofs"},
    {"destination": "/c", "transport": "9p", "reason": "no virtiofsd"}])");
  EXPECT_EQ(status("web")["mounts"], mounts);
  const auto restored = container_from_snapshot(container_snapshot(world_.container("web")));
  ASSERT_TRUE(restored);
  EXPECT_EQ(restored->mounts, mounts);
  world_.exit("web", 0);
  EXPECT_FALSE(status("web").contains("mounts"));
  Event again = world_.take(decide_start(world_.state(), {"web", false}, {}));
  world_.succeed(again.seq, {{"pid", 9}});
  EXPECT_FALSE(status("web").contains("mounts")) << "of the run before";
}

TEST_F(ViewsTest, AForcedDeleteOfARunningOneShowsStopping) {
  world_.create("web");
  world_.start("web");
  world_.take(decide_delete(world_.state(), {"web", true}, {}));
  EXPECT_EQ(status("web")["state"], "stopping");
}

TEST_F(ViewsTest, ListsByCreationAndHidesWhatIsBeingCreated) {
  world_.create("zz");
  world_.create("aa");
  world_.take(decide_create(world_.state(), {"half", {}, false, ""}, {}));
  world_.start("aa");
  EXPECT_THAT(ids(true), ElementsAre("zz", "aa"));
  EXPECT_THAT(ids(false), ElementsAre("aa"));
}

TEST_F(ViewsTest, FindsContainersByUniquePrefix) {
  world_.create("web");
  world_.create("web2");
  world_.create("db");
  world_.take(decide_create(world_.state(), {"dbhalf", {}, false, ""}, {}));
  auto id = [&](const char* wanted) {
    auto found = find_container(world_.state(), wanted);
    return found ? (*found)->id : found.error().message;
  };
  EXPECT_EQ(id("web"), "web") << "the whole name wins over longer ones";
  EXPECT_EQ(id("web2"), "web2");
  EXPECT_EQ(id("d"), "db") << "the one being created doesn't count";
  EXPECT_EQ(id("we"), "we is the beginning of several names: web, web2");
  EXPECT_EQ(id("x"), "container not found: x");
  EXPECT_EQ(id(""), "container not found: ");
  EXPECT_EQ(code_of(find_container(world_.state(), "we")), Code::kConflict);
}

TEST_F(ViewsTest, Images) {
  std::string digest = "sha256:" + std::string(64, '1');
  world_.tag("docker.io/library/web:latest", digest);
  world_.tag("docker.io/library/app:latest", "sha256:22");
  world_.tag("", "sha256:33");
  world_.create("db", digest);
  Json images = images_view(world_.state());
  ASSERT_EQ(images.size(), 3u);
  EXPECT_EQ(images[0]["configuration"]["name"], "docker.io/library/app:latest");
  EXPECT_EQ(images[1]["id"], std::string(64, '1'));
  EXPECT_EQ(images[1]["configuration"]["creationDate"], "2026-01-02T03:04:05Z");
  EXPECT_EQ(images[1]["configuration"]["descriptor"]["digest"], digest);
  EXPECT_EQ(images[1]["variants"][0]["platform"]["architecture"], "amd64");
  EXPECT_EQ(images[1]["inUse"], Json{"db"});
  EXPECT_EQ(images[2]["configuration"]["name"], "");
  EXPECT_EQ(images[2]["inUse"], Json::array());
}

TEST_F(ViewsTest, EventsAsTheApiShowsThem) {
  world_.create("web");
  Json view = event_view(world_.history()[1]);
  EXPECT_EQ(view["seq"], 2);
  EXPECT_EQ(view["at"], "2023-11-14T22:13:22.000000Z");
  EXPECT_EQ(view["stream"], "container/web");
  EXPECT_EQ(view["phase"], "outcome");
  EXPECT_EQ(view["op"], 1);
  EXPECT_EQ(view["data"]["ok"], true);
  EXPECT_FALSE(view.contains("cause"));
}

TEST_F(ViewsTest, OutcomesReadBackAsResults) {
  world_.create("web");
  EXPECT_EQ(outcome_result(world_.history()[1]).value()["imageDisk"], "/image");
  Event stop = world_.append(intent("container/web", "container.stop", {}));
  Operation operation = *world_.state().operation(stop.seq);
  Event failed =
      world_.append(outcome_failed(operation, Error{Code::kTimeout, "too late", "wait"}));
  auto result = outcome_result(failed);
  EXPECT_EQ(code_of(result), Code::kTimeout);
  EXPECT_EQ(result.error().message, "too late");
  EXPECT_EQ(result.error().hint, "wait");
  NewEvent lost = outcome_lost(operation, "nobody knows");
  EXPECT_EQ(lost.data["recovered"], "lost");
  EXPECT_EQ(lost.data["error"]["code"], 50);
  EXPECT_EQ(outcome_recovered(operation, {{"pid", 1}}).data,
            (Json{{"ok", true}, {"pid", 1}, {"recovered", "completed"}}));
}

}  // namespace
}  // namespace bulkhead::model
