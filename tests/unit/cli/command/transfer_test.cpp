// image pull and push against a service that streams.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "support/session.hpp"
#include "support/stream.hpp"

namespace bulkhead::cli {
namespace {

using nlohmann::json;
using ::testing::ElementsAre;
using testing::Ended;
using ::testing::HasSubstr;
using testing::Session;

const json kImage = {{"configuration", {{"name", "docker.io/library/web:1"}}}};

json item(const std::string& state, uint64_t done) {
  return {{"event", "item"}, {"id", "sha256:1"}, {"what", "layer 1 of 1"},
          {"state", state},  {"done", done},     {"total", 1500000}};
}

class Transfers : public ::testing::Test {
 protected:
  Session session_;
};

TEST_F(Transfers, PullPrintsTheNameAndTellsOfProgress) {
  session_.service.converse("POST /v1/images/pull?progress=1 ",
                            testing::lines_of({item("downloading", 5),
                                               item("downloaded", 1500000),
                                               {{"event", "of a newer service"}},
                                               testing::done(kImage)}));
  const Ended ended = session_.run({"image", "pull", "web:1"});
  EXPECT_EQ(ended.status, 0);
  EXPECT_EQ(ended.out, "docker.io/library/web:1\n");
  EXPECT_THAT(ended.err, HasSubstr("layer 1 of 1: downloaded, 1.5 MB\n1 blob, 1.5 MB in "));
  EXPECT_EQ(json::parse(session_.service.body_of("POST")),
            (json{{"reference", "web:1"}, {"scheme", "auto"}, {"maxConcurrentDownloads", 3}}));
  for (const auto& words : std::vector<std::vector<std::string>>{
           {"i", "pull", "-q", "web:1"}, {"i", "pull", "--progress", "none", "web:1"}}) {
    const Ended quiet = session_.run(words);
    EXPECT_EQ(quiet.out, ended.out);
    EXPECT_EQ(quiet.err, "");
  }
}

TEST_F(Transfers, ProgressAsJsonIsTheServicesLines) {
  session_.service.converse("POST /v1/images/pull",
                            testing::lines_of({item("downloading", 5), testing::done(kImage)}));
  EXPECT_EQ(session_.run({"image", "pull", "--progress", "json", "web:1"}).err,
            item("downloading", 5).dump() + "\n" + testing::done(kImage).dump() + "\n");
}

TEST_F(Transfers, FramesAreWrittenWhereTheyAreAskedFor) {
  session_.service.converse("POST /v1/images/pull",
                            testing::lines_of({item("downloading", 5), item("downloaded", 1500000),
                                               testing::done(kImage)}));
  const Ended ended = session_.run({"image", "pull", "--progress", "ansi", "web:1"});
  EXPECT_THAT(ended.err, HasSubstr("\x1b[K\n"));
  EXPECT_TRUE(ended.err.ends_with("\x1b[K\n\x1b[J"));
  EXPECT_EQ(ended.out, "docker.io/library/web:1\n");
}

TEST_F(Transfers, AllPlatformsAreAskedForAndConflictWithOne) {
  session_.environment["CONTAINER_DEFAULT_PLATFORM"] = "linux/s390x";
  session_.service.converse("POST /v1/images/pull", testing::lines_of({testing::done(kImage)}));
  EXPECT_EQ(session_.run({"image", "pull", "--all-platforms", "web"}).status, 0);
  const json body = json::parse(session_.service.body_of("POST"));
  EXPECT_EQ(body["allPlatforms"], true);
  EXPECT_FALSE(body.contains("platform"));
  for (const char* option : {"--platform=linux/amd64", "--arch=amd64", "--os=linux"}) {
    EXPECT_EQ(session_.run({"image", "pull", "--all-platforms", option, "web"}).status, 64);
  }
}

TEST_F(Transfers, AFailureIsTheServices) {
  session_.service.converse(
      "POST /v1/images/pull",
      testing::lines_of({item("downloading", 5), testing::failed(403, 5, "docker.io: denied")}));
  const Ended late = session_.run({"image", "pull", "web"});
  EXPECT_EQ(late.status, 1);
  EXPECT_EQ(late.out, "");
  EXPECT_EQ(late.err, "Error: docker.io: denied\n");
  session_.service.answer("POST /v1/images/push", 404,
                          R"({"detail": "image not found: web", "code": 3})");
  EXPECT_EQ(session_.run({"image", "push", "web"}).err, "Error: image not found: web\n");
}

TEST_F(Transfers, AStreamWithoutALastLineIsAFailure) {
  session_.service.converse("POST /v1/images/pull", testing::lines_of({item("downloading", 5)}));
  const Ended ended = session_.run({"image", "pull", "web"});
  EXPECT_EQ(ended.status, 1);
  EXPECT_THAT(ended.err, HasSubstr("Error: the service ended before this was done"));
  EXPECT_THAT(session_.service.lines(), ElementsAre("POST /v1/images/pull?progress=1"))
      << "a pull isn't asked for twice";
}

TEST_F(Transfers, PushPrintsNameAndDigest) {
  session_.service.converse(
      "POST /v1/images/push?progress=1 ",
      testing::lines_of({item("uploaded", 1500000), testing::done({{"reference", "r.test/web:1"},
                                                                   {"digest", "sha256:abc"},
                                                                   {"sent", 1500000}})}));
  const Ended ended =
      session_.run({"image", "push", "--arch", "arm64", "--scheme", "https", "web"});
  EXPECT_EQ(ended.out, "r.test/web:1@sha256:abc\n");
  EXPECT_THAT(ended.err, HasSubstr("layer 1 of 1: uploaded, 1.5 MB\n"));
  EXPECT_EQ(json::parse(session_.service.body_of("POST")),
            (json{{"reference", "web"},
                  {"scheme", "https"},
                  {"platform", {{"os", "linux"}, {"architecture", "arm64"}}}}));
  EXPECT_EQ(session_.run({"image", "push", "-q", "web"}).err, "");
}

}  // namespace
}  // namespace bulkhead::cli
