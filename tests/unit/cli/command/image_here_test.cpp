// --pull of run and create: what is asked of the service, and when.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <nlohmann/json.hpp>

#include "support/session.hpp"
#include "support/stream.hpp"

namespace bulkhead::cli {
namespace {

using nlohmann::json;
using ::testing::ElementsAre;
using testing::Ended;
using testing::Folder;
using testing::http_answer;
using testing::Received;
using testing::send_bytes;
using testing::Session;

const std::string kCreate = "POST /v1/containers";
const std::string kLookUp = "GET /v1/images/web%3A1";
const std::string kPull = "POST /v1/images/pull?progress=1";

json image_for(const std::string& architecture) {
  return {{"variants", {{{"platform", {{"os", "linux"}, {"architecture", architecture}}}}}}};
}

class ImageHere : public ::testing::Test {
 protected:
  // Not found until something was pulled.
  void the_image_is_missing() {
    session_.service.converse("POST /v1/containers ", [this](int connection, const Received&) {
      send_bytes(connection, pulled_ ? http_answer(201, R"({"id": "c1"})")
                                     : http_answer(404, R"({"detail": "image not found: web:1",
                                                            "code": 3, "hint": "Look."})"));
    });
  }
  void a_pull_brings_it() {
    session_.service.converse("POST /v1/images/pull", [this](int connection, const Received& got) {
      pulled_ = true;
      testing::lines_of({{{"event", "item"}, {"id", "1"}, {"what", "layer"}, {"state", "unpacked"}},
                         testing::done(image_for("amd64"))})(connection, got);
    });
  }

  Session session_;
  std::atomic<bool> pulled_ = false;
};

TEST_F(ImageHere, AnImageThatIsHereCostsNothing) {
  session_.service.answer("POST /v1/containers ", 201, R"({"id": "c1"})");
  EXPECT_EQ(session_.run({"create", "web:1"}).out, "c1\n");
  EXPECT_THAT(session_.service.lines(), ElementsAre(kCreate));
}

TEST_F(ImageHere, AMissingOneIsPulledAndTheContainerCreated) {
  the_image_is_missing();
  a_pull_brings_it();
  const Ended ended = session_.run({"create", "--scheme", "http", "web:1"});
  EXPECT_EQ(ended.status, 0) << ended.err;
  EXPECT_EQ(ended.out, "c1\n") << "progress belongs to standard error";
  EXPECT_EQ(ended.err, "layer: unpacked\n");
  EXPECT_THAT(session_.service.lines(), ElementsAre(kCreate, kLookUp, kPull, kCreate));
  EXPECT_EQ(json::parse(session_.service.body_of("POST /v1/images/pull")),
            (json{{"reference", "web:1"}, {"scheme", "http"}, {"maxConcurrentDownloads", 3}}));
}

TEST_F(ImageHere, OneWithoutThePlatformIsPulledForIt) {
  the_image_is_missing();
  a_pull_brings_it();
  session_.service.answer("GET /v1/images/", 200, image_for("s390x").dump());
  EXPECT_EQ(session_.run({"create", "--platform", "linux/ppc64le", "web:1"}).status, 0);
  EXPECT_EQ(json::parse(session_.service.body_of("POST /v1/images/pull"))["platform"],
            (json{{"os", "linux"}, {"architecture", "ppc64le"}}));
}

TEST_F(ImageHere, SomethingElseThatIsMissingIsNotPulled) {
  the_image_is_missing();
  session_.service.answer("GET /v1/images/", 200, image_for("ppc64le").dump());
  const Ended ended = session_.run({"create", "--platform", "linux/ppc64le", "web:1"});
  EXPECT_EQ(ended.status, 1);
  EXPECT_EQ(ended.err, "Error: image not found: web:1\nLook.\n");
  EXPECT_THAT(session_.service.lines(), ElementsAre(kCreate, kLookUp));
}

TEST_F(ImageHere, OnlyTheMissingIsPulled) {
  session_.service.answer("POST /v1/containers ", 409, R"({"detail": "it exists", "code": 4})");
  EXPECT_EQ(session_.run({"create", "web:1"}).err, "Error: it exists\n");
  EXPECT_THAT(session_.service.lines(), ElementsAre(kCreate));
}

TEST_F(ImageHere, IdsAndDigestsAreNotPulled) {
  the_image_is_missing();
  const std::string hex(64, 'a');
  for (const std::string& image : {hex, "sha256:" + hex, std::string("sha256:abcd")}) {
    EXPECT_EQ(session_.run({"create", image}).status, 1) << image;
    EXPECT_EQ(session_.run({"create", "--pull", "always", image}).status, 64) << image;
  }
  EXPECT_THAT(session_.service.lines(), ElementsAre(kCreate, kCreate, kCreate));
}

TEST_F(ImageHere, AlwaysPullsFirst) {
  the_image_is_missing();
  a_pull_brings_it();
  EXPECT_EQ(session_.run({"create", "--pull=always", "--progress=none", "web:1"}).err, "");
  EXPECT_THAT(session_.service.lines(), ElementsAre(kPull, kCreate));
}

TEST_F(ImageHere, NeverPullsNothing) {
  the_image_is_missing();
  const Ended ended = session_.run({"run", "--pull", "never", "web:1"});
  EXPECT_EQ(ended.err, "Error: image not found: web:1\nLook.\n");
  EXPECT_THAT(session_.service.lines(), ElementsAre(kCreate));
}

TEST_F(ImageHere, AFailedPullIsTheErrorAndLeavesNoFile) {
  the_image_is_missing();
  session_.service.converse("POST /v1/images/pull",
                            testing::lines_of({testing::failed(403, 5, "docker.io: denied")}));
  const Folder folder;
  const Ended ended = session_.run({"run", "--cidfile", folder.file("cid"), "web:1"});
  EXPECT_EQ(ended.status, 1);
  EXPECT_EQ(ended.out, "");
  EXPECT_EQ(ended.err, "Error: image not found: web:1, and can't be pulled: docker.io: denied\n");
  EXPECT_NE(access(folder.file("cid").c_str(), F_OK), 0);
}

TEST_F(ImageHere, SenselessOptionsAreRefusedBeforeAnythingIsAsked) {
  EXPECT_EQ(session_.run({"run", "--max-concurrent-downloads", "0", "web:1"}).status, 64);
  EXPECT_EQ(session_.run({"run", "--pull", "sometimes", "web:1"}).status, 64);
  EXPECT_TRUE(session_.service.lines().empty());
}

}  // namespace
}  // namespace bulkhead::cli
