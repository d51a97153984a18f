// The image commands against a canned service.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

#include "support/session.hpp"

namespace bulkhead::cli {
namespace {

using nlohmann::json;
using testing::Ended;
using testing::Folder;
using ::testing::HasSubstr;
using testing::Session;

const std::string kDigest =
    "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

json image(const std::string& name) {
  return {{"id", kDigest.substr(7)},
          {"configuration",
           {{"name", name},
            {"creationDate", "2026-01-01T00:00:00Z"},
            {"descriptor", {{"digest", kDigest}}}}},
          {"variants",
           {{{"platform", {{"os", "linux"}, {"architecture", "amd64"}}},
             {"digest", kDigest},
             {"size", 1500000},
             {"config", {{"created", "2026-01-01T00:00:00Z"}}}}}}};
}

class Images : public ::testing::Test {
 protected:
  Session session_;
};

TEST_F(Images, ListShowsShortNames) {
  session_.service.answer("GET /v1/images", 200,
                          json{image("docker.io/library/web:1.2"),
                               image("registry.test:5000/team/web:latest"), image("")}
                              .dump());
  EXPECT_EQ(session_.run({"image", "list"}).out,
            "NAME                         TAG     DIGEST\n"
            "web                          1.2     0123456789ab\n"
            "registry.test:5000/team/web  latest  0123456789ab\n"
            "<none>                       <none>  0123456789ab\n");
  EXPECT_EQ(session_.run({"i", "ls", "-q"}).out,
            "web:1.2\nregistry.test:5000/team/web:latest\n" + kDigest + "\n");
  EXPECT_THAT(session_.run({"image", "ls", "-v"}).out,
              HasSubstr("linux  amd64           1.5 MB     2026-01-01T00:00:00Z  0123456789ab\n"));
}

TEST_F(Images, LoadSendsTheFilesDescriptor) {
  const Folder folder;
  const std::string file = folder.write("web.tar", "the archive");
  session_.service.answer(
      "POST /v1/images/load?name=web.tar&force=1", 200,
      json{{"images", {image("docker.io/library/web:1")}}, {"skipped", {"dev/null: a device"}}}
          .dump());
  const Ended ended = session_.run({"image", "load", "--force", "-i", file});
  EXPECT_EQ(ended.out, "docker.io/library/web:1\n");
  EXPECT_EQ(ended.err, "Warning: skipped dev/null: a device\n");
  EXPECT_THAT(session_.service.head_of("POST /v1/images/load"), HasSubstr("Bulkhead-Fd: 1"));
  EXPECT_EQ(session_.service.descriptor_content("POST /v1/images/load"), "the archive");
}

TEST_F(Images, LoadReadsStandardInput) {
  session_.input = "piped";
  session_.service.answer("POST /v1/images/load?name=standard%20input", 200,
                          R"({"images": [], "skipped": []})");
  EXPECT_EQ(session_.run({"image", "load"}).status, 0);
  EXPECT_EQ(session_.service.descriptor_content("POST /v1/images/load"), "piped");
}

TEST_F(Images, LoadOfAMissingFileAsksNothing) {
  const Ended ended = session_.run({"image", "load", "-i", "/nowhere/x.tar"});
  EXPECT_EQ(ended.status, 1);
  EXPECT_EQ(ended.out, "");
  EXPECT_THAT(ended.err, HasSubstr("/nowhere/x.tar"));
  EXPECT_TRUE(session_.service.lines().empty());
}

TEST_F(Images, ImportSendsTheConfiguration) {
  session_.input = "tar";
  session_.service.answer("POST /v1/images/import", 200, image("docker.io/library/web:1").dump());
  const Ended ended = session_.run({"image", "import", "--config", R"({"Cmd": ["sh"]})",
                                    "--platform", "linux/arm64", "-m", "by hand", "-", "web:1"});
  EXPECT_EQ(ended.out, "docker.io/library/web:1\n");
  EXPECT_EQ(session_.service.lines().front(),
            "POST "
            "/v1/images/"
            "import?name=standard%20input&reference=web%3A1&config=%7B%22Cmd%22%3A%5B%22sh%22%5D%7D"
            "&platform=linux%2Farm64&message=by%20hand");
}

TEST_F(Images, SaveWritesTheFileWholeOrNotAtAll) {
  const Folder folder;
  const std::string file = folder.write("web.tar", "former");
  session_.service.answer("POST /v1/images/save", 404,
                          R"({"detail": "image not found: web", "code": 3})");
  EXPECT_EQ(session_.run({"image", "save", "-o", file, "web"}).status, 1);
  EXPECT_EQ(folder.read("web.tar"), "former");
  EXPECT_EQ(session_.run({"image", "save", "-o", folder.file("new.tar"), "web"}).status, 1);
  EXPECT_NE(access(folder.file("new.tar").c_str(), F_OK), 0);
}

TEST_F(Images, SaveTellsTheNamesWhereTheArchiveDoesNotGo) {
  const Folder folder;
  session_.service.answer("POST /v1/images/save", 200, R"({"bytes": 0})");
  const Ended to_file = session_.run(
      {"image", "save", "--platform", "linux/amd64", "-o", folder.file("x.tar"), "a", "b"});
  EXPECT_EQ(to_file.out, "a\nb\n");
  EXPECT_EQ(access(folder.file("x.tar").c_str(), F_OK), 0);
  const Ended to_stdout = session_.run({"image", "save", "a"});
  EXPECT_EQ(to_stdout.out, "");
  EXPECT_EQ(to_stdout.err, "a\n");
  EXPECT_EQ(json::parse(session_.service.body_of("POST /v1/images/save")),
            (json{{"references", {"a", "b"}},
                  {"platform", {{"os", "linux"}, {"architecture", "amd64"}}}}));
}

TEST_F(Images, TagPrintsTheTarget) {
  session_.service.answer("POST /v1/images/tag", 200, image("x").dump());
  EXPECT_EQ(session_.run({"image", "tag", "web", "web:2"}).out, "web:2\n");
  EXPECT_EQ(json::parse(session_.service.body_of("POST /v1/images/tag")),
            (json{{"source", "web"}, {"target", "web:2"}}));
}

TEST_F(Images, DeleteAddsUpWhatIsGivenBack) {
  session_.service.answer("DELETE /v1/images/a", 200, R"({"reclaimed": 1000000})");
  session_.service.answer("DELETE /v1/images/b", 200, R"({"reclaimed": 500000})");
  const Ended ended = session_.run({"image", "delete", "a", "b"});
  EXPECT_EQ(ended.out, "a\nb\n");
  EXPECT_EQ(ended.err, "Reclaimed 1.5 MB in disk space\n");
}

TEST_F(Images, DeleteOfTheMissingIsAnErrorUnlessForced) {
  session_.service.answer("DELETE /v1/images/", 404,
                          R"({"detail": "image not found: x", "code": 3})");
  const Ended ended = session_.run({"image", "rm", "x"});
  EXPECT_EQ(ended.status, 1);
  EXPECT_EQ(ended.err, "Error: image not found: x\n");
  EXPECT_EQ(session_.run({"image", "rm", "--force", "x"}).status, 0);
}

TEST_F(Images, DeleteAllTakesDanglingOnesByDigest) {
  session_.service.answer("GET /v1/images", 200,
                          json{image("docker.io/library/web:1"), image("")}.dump());
  session_.service.answer("DELETE /v1/images/", 200, R"({"reclaimed": 0})");
  EXPECT_EQ(session_.run({"image", "delete", "--all"}).out,
            "docker.io/library/web:1\n" + kDigest + "\n");
}

TEST_F(Images, PruneTellsNamesAndDigests) {
  session_.service.answer("POST /v1/images/prune?all=1", 200,
                          R"({"untagged": ["web:1"], "deleted": ["sha256:1"], "reclaimed": 0})");
  const Ended ended = session_.run({"image", "prune", "-a"});
  EXPECT_EQ(ended.out, "untagged web:1\ndeleted sha256:1\n");
  EXPECT_EQ(ended.err, "Reclaimed Zero KB in disk space\n");
}

TEST_F(Images, InspectOfTheMissing) {
  EXPECT_EQ(session_.run({"image", "inspect", "x"}).err, "Error: image not found: x\n");
}

}  // namespace
}  // namespace bulkhead::cli
