// The container commands against a canned service: what they ask, what they print, how they end.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <nlohmann/json.hpp>

#include "bulkhead/stream_frame.hpp"
#include "support/session.hpp"

namespace bulkhead::cli {
namespace {

using nlohmann::json;
using ::testing::ElementsAre;
using testing::Ended;
using testing::Folder;
using ::testing::HasSubstr;
using testing::Received;
using testing::send_bytes;
using testing::Session;
using ::testing::StartsWith;

class Containers : public ::testing::Test {
 protected:
  Session session_;
};

json container(const std::string& id, const std::string& state) {
  return {
      {"id", id},
      {"configuration",
       {{"image", {{"reference", "docker.io/library/busybox:latest"}}},
        {"platform", {{"os", "linux"}, {"architecture", "amd64"}}},
        {"resources", {{"cpus", 4}, {"memoryInBytes", 1 << 30}}},
        {"initProcess", {{"terminal", false}}}}},
      {"status",
       {{"state", state}, {"networks", json::array()}, {"startedDate", "2026-11-24T03:01:02Z"}}}};
}

// An upgrade that gives this output and exit status.
testing::FakeService::Conversation attached(std::string output, std::string control) {
  return [output, control](int connection, const Received&) {
    std::string bytes =
        "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: "
        "bulkhead-stream\r\n\r\n";
    if (!output.empty()) append_stream_frames(bytes, StreamType::kStdout, output);
    append_stream_frames(bytes, StreamType::kControl, control);
    send_bytes(connection, bytes);
  };
}

TEST_F(Containers, ListIsATable) {
  session_.service.answer("GET /v1/containers ", 200, json{container("web", "running")}.dump());
  const Ended ended = session_.run({"list"});
  EXPECT_EQ(ended.status, 0);
  EXPECT_EQ(
      ended.out,
      "ID   IMAGE                             OS     ARCH   STATE    IP  CPUS  MEMORY   STARTED\n"
      "web  docker.io/library/busybox:latest  linux  amd64  running      4     1024 MB  "
      "2026-11-24T03:01:02Z\n");
}

TEST_F(Containers, ListShowsTheAddressOfEachNetwork) {
  json attached = container("web", "running");
  attached["status"]["networks"] = {{{"network", "default"}, {"ipv4Address", "192.168.64.2/24"}},
                                    {{"network", "backend"}, {"ipv4Address", "192.168.65.7/24"}}};
  session_.service.answer("GET /v1/containers ", 200, json{attached}.dump());
  EXPECT_THAT(session_.run({"list"}).out, HasSubstr("192.168.64.2,192.168.65.7"));
}

TEST_F(Containers, AQuestionIsAskedAgainIfTheServiceDied) {
  std::atomic<int> asked = 0;
  session_.service.converse("GET /v1/containers ", [&asked](int connection, const Received&) {
    if (++asked > 1) send_bytes(connection, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]");
  });
  EXPECT_EQ(session_.run({"list", "-q"}).status, 0);
  EXPECT_EQ(asked, 2);
}

TEST_F(Containers, ListInOtherFormats) {
  session_.service.answer("GET /v1/containers?all=1", 200,
                          json{container("web", "stopped")}.dump());
  EXPECT_EQ(session_.run({"ls", "-aq"}).out, "web\n");
  EXPECT_EQ(json::parse(session_.run({"ps", "-a", "--format", "json"}).out)[0]["id"], "web");
  EXPECT_THAT(session_.run({"ls", "-a", "--format", "yaml"}).out, HasSubstr("id: web"));
  EXPECT_THAT(session_.run({"ls", "-a", "--format", "toml"}).out, HasSubstr("[[items]]"));
}

TEST_F(Containers, ListOfThePast) {
  session_.service.answer("GET /v1/containers?all=1&at=42 ", 200, "[]");
  EXPECT_EQ(session_.run({"list", "-a", "--at", "42", "-q"}).out, "");
  EXPECT_THAT(session_.service.lines(), ElementsAre("GET /v1/containers?all=1&at=42"));
}

TEST_F(Containers, StopAsksForEachAndGoesOnAfterAFailure) {
  session_.service.answer("POST /v1/containers/one/stop", 200, R"({"id": "one"})");
  session_.service.answer("POST /v1/containers/two/stop", 404,
                          R"({"detail": "container not found: two", "code": 3})");
  session_.service.answer("POST /v1/containers/three/stop", 200, R"({"id": "three"})");
  const Ended ended = session_.run({"stop", "-t", "7", "-s", "USR1", "one", "two", "one", "three"});
  EXPECT_EQ(ended.status, 1);
  EXPECT_EQ(ended.out, "one\nthree\n");
  EXPECT_EQ(ended.err, "Error: container not found: two\n");
  EXPECT_EQ(json::parse(session_.service.body_of("POST /v1/containers/one/stop")),
            (json{{"signal", "USR1"}, {"timeoutSeconds", 7}}));
  EXPECT_EQ(session_.service.lines().size(), 3U);
}

TEST_F(Containers, TheIdIsPrintedAndNotThePrefixThatWasTyped) {
  session_.service.answer("POST /v1/containers/we/", 200, R"({"id": "web"})");
  session_.service.answer("DELETE /v1/containers/we", 200, R"({"id": "web"})");
  for (const char* command : {"start", "stop", "kill", "delete"}) {
    EXPECT_EQ(session_.run({command, "we"}).out, "web\n") << command;
  }
}

TEST_F(Containers, AnIdAndItsPrefixAreOneContainer) {
  session_.service.answer("GET /v1/containers?all=1", 200,
                          json{container("web", "stopped"), container("db", "stopped"),
                               container("d", "stopped"), container("dc", "stopped")}
                              .dump());
  session_.service.answer("DELETE /v1/containers/web", 200, R"({"id": "web"})");
  session_.service.answer("DELETE /v1/containers/db", 200, R"({"id": "db"})");
  session_.service.answer("DELETE /v1/containers/d", 200, R"({"id": "d"})");
  EXPECT_EQ(session_.run({"delete", "we", "web", "w"}).out, "web\n");
  EXPECT_THAT(session_.service.lines(),
              ElementsAre("GET /v1/containers?all=1", "DELETE /v1/containers/web"));
  EXPECT_EQ(session_.run({"delete", "d", "db"}).out, "d\ndb\n") << "a name is no prefix";
}

TEST_F(Containers, AllMeansTheRunning) {
  session_.service.answer("GET /v1/containers?all=1", 200,
                          json{container("runs", "running"), container("stopped", "stopped"),
                               container("ends", "stopping")}
                              .dump());
  session_.service.answer("POST /v1/containers/", 200, "{}");
  EXPECT_EQ(session_.run({"kill", "--all", "-s", "9"}).out, "runs\nends\n");
  EXPECT_EQ(json::parse(session_.service.body_of("POST /v1/containers/runs/kill")),
            (json{{"signal", 9}}));
}

TEST_F(Containers, DeleteAllSparesTheRunningUnlessForced) {
  session_.service.answer("GET /v1/containers?all=1", 200,
                          json{container("runs", "running"), container("done", "stopped")}.dump());
  session_.service.answer("DELETE /v1/containers/", 200, "{}");
  EXPECT_EQ(session_.run({"delete", "--all"}).out, "done\n");
  EXPECT_EQ(session_.run({"rm", "--all", "--force"}).out, "runs\ndone\n");
  EXPECT_THAT(session_.service.lines(), ::testing::Contains("DELETE /v1/containers/runs?force=1"));
}

TEST_F(Containers, AllPassesByWhatHasChangedSinceItWasListed) {
  session_.service.answer(
      "GET /v1/containers?all=1", 200,
      json{container("starts", "stopped"), container("goes", "stopped")}.dump());
  session_.service.answer("DELETE /v1/containers/starts", 409,
                          R"({"code": 4, "detail": "container starts is starting"})");
  session_.service.answer("DELETE /v1/containers/goes", 404,
                          R"({"code": 3, "detail": "container not found: goes"})");
  const Ended all = session_.run({"delete", "--all"});
  EXPECT_EQ(all.status, 0);
  EXPECT_EQ(all.err, "");
  EXPECT_EQ(session_.run({"delete", "starts"}).status, 1);
}

TEST_F(Containers, NamesAndAllConflictAndNeitherIsNothing) {
  for (const char* command : {"stop", "kill", "delete"}) {
    const Ended both = session_.run({command, "--all", "x"});
    EXPECT_EQ(both.status, 64);
    EXPECT_THAT(both.err, HasSubstr("conflict"));
    EXPECT_EQ(session_.run({command}).status, 64);
  }
  EXPECT_TRUE(session_.service.lines().empty());
}

TEST_F(Containers, InspectIsAnArrayOrNamesAllThatIsMissing) {
  session_.service.answer("GET /v1/containers/web ", 200, container("web", "running").dump());
  const Ended shown = session_.run({"inspect", "web"});
  EXPECT_THAT(shown.out, StartsWith("[\n  {\n"));
  EXPECT_EQ(json::parse(shown.out)[0]["id"], "web");
  const Ended missing = session_.run({"inspect", "a", "web", "b"});
  EXPECT_EQ(missing.status, 1);
  EXPECT_EQ(missing.out, "");
  EXPECT_EQ(missing.err, "Error: container not found: a, b\n");
}

TEST_F(Containers, PruneSaysWhatItGaveBack) {
  session_.service.answer("POST /v1/containers/prune", 200,
                          R"({"deleted": ["a", "b"], "reclaimed": 0})");
  const Ended ended = session_.run({"prune"});
  EXPECT_EQ(ended.out, "a\nb\n");
  EXPECT_EQ(ended.err, "Reclaimed Zero KB in disk space\n");
}

TEST_F(Containers, CreatePrintsTheIdAndWritesTheFile) {
  session_.service.answer("POST /v1/containers ", 201, R"({"id": "web", "warnings": ["odd"]})");
  const Folder folder;
  const Ended ended =
      session_.run({"create", "--name", "web", "--cidfile", folder.file("cid"), "busybox", "true"});
  EXPECT_EQ(ended.status, 0);
  EXPECT_EQ(ended.out, "web\n");
  EXPECT_EQ(ended.err, "Warning: odd\n");
  EXPECT_EQ(folder.read("cid"), "web");
  const Ended again = session_.run({"create", "--cidfile", folder.file("cid"), "busybox"});
  EXPECT_EQ(again.status, 1);
  EXPECT_EQ(session_.service.lines().size(), 1U) << "a container was made without its file";
}

TEST_F(Containers, AFailedCreateLeavesNoFile) {
  session_.service.answer("POST /v1/containers ", 404,
                          R"({"detail": "image not found: x", "code": 3, "hint": "Load it."})");
  const Folder folder;
  const Ended ended =
      session_.run({"create", "--pull=never", "--cidfile", folder.file("cid"), "x"});
  EXPECT_EQ(ended.status, 1);
  EXPECT_EQ(ended.err, "Error: image not found: x\nLoad it.\n");
  EXPECT_NE(access(folder.file("cid").c_str(), F_OK), 0);
}

TEST_F(Containers, RunEndsAsTheProcess) {
  session_.service.answer("POST /v1/containers ", 201, R"({"id": "web"})");
  session_.service.converse("POST /v1/containers/web/start",
                            attached("hello\n", R"({"exit": {"exitCode": 7}})"));
  session_.service.answer("GET /v1/containers/web/wait", 200, R"({"exitCode": 7})");
  const Ended ended = session_.run({"run", "--rm", "busybox", "echo", "hello"});
  EXPECT_EQ(ended.status, 7);
  EXPECT_EQ(ended.out, "hello\n");
  EXPECT_EQ(ended.err, "");
  EXPECT_THAT(session_.service.lines(),
              ElementsAre("POST /v1/containers", "POST /v1/containers/web/start",
                          "GET /v1/containers/web/wait?condition=removed"));
  EXPECT_THAT(session_.service.head_of("POST /v1/containers/web/start"),
              HasSubstr("Upgrade: bulkhead-stream"));
  EXPECT_EQ(json::parse(session_.service.body_of("POST /v1/containers/web/start")),
            (json{{"attach", true}, {"stdin", false}}));
}

TEST_F(Containers, RunInTheBackgroundPrintsTheId) {
  session_.service.answer("POST /v1/containers ", 201, R"({"id": "web"})");
  session_.service.answer("POST /v1/containers/web/start", 200, R"({"id": "web"})");
  EXPECT_EQ(session_.run({"run", "-d", "busybox"}).out, "web\n");
  EXPECT_EQ(json::parse(session_.service.body_of("POST /v1/containers/web/start")),
            (json{{"attach", false}, {"stdin", false}}));
}

TEST_F(Containers, AFailedStartRemovesTheContainerAndKeepsItsCode) {
  session_.service.answer("POST /v1/containers ", 201, R"({"id": "web"})");
  session_.service.converse(
      "POST /v1/containers/web/start",
      attached("", R"({"error": {"code": 127, "message": "nope: no such command"}})"));
  session_.service.answer("DELETE /v1/containers/web?force=1", 200, "{}");
  const Ended ended = session_.run({"run", "busybox", "nope"});
  EXPECT_EQ(ended.status, 127);
  EXPECT_EQ(ended.err, "Error: nope: no such command\n");
  EXPECT_EQ(session_.service.lines().back(), "DELETE /v1/containers/web?force=1");
}

TEST_F(Containers, AProblemAtTheStartRemovesTheContainerToo) {
  session_.service.answer("POST /v1/containers ", 201, R"({"id": "web"})");
  session_.service.answer("POST /v1/containers/web/start", 422,
                          R"({"detail": "can't execute", "code": 126})");
  for (const auto& words :
       std::vector<std::vector<std::string>>{{"run", "busybox"}, {"run", "-d", "busybox"}}) {
    EXPECT_EQ(session_.run(words).status, 126);
    EXPECT_EQ(session_.service.lines().back(), "DELETE /v1/containers/web?force=1");
  }
}

TEST_F(Containers, TheFileWithTheIdLivesAsLongAsTheContainer) {
  const Folder folder;
  const std::string file = folder.file("cid");
  session_.service.answer("POST /v1/containers ", 201, R"({"id": "web"})");
  session_.service.converse("POST /v1/containers/web/start",
                            attached("", R"({"error": {"code": 127, "message": "no"}})"));
  EXPECT_EQ(session_.run({"run", "--cidfile", file, "busybox"}).status, 127);
  EXPECT_NE(access(file.c_str(), F_OK), 0);
  Session detached;
  detached.service.answer("POST /v1/containers ", 201, R"({"id": "web"})");
  EXPECT_NE(detached.run({"run", "-d", "--cidfile", file, "busybox"}).status, 0);
  EXPECT_NE(access(file.c_str(), F_OK), 0);
}

TEST_F(Containers, ALostProcessIsNotRemoved) {
  session_.service.answer("POST /v1/containers ", 201, R"({"id": "web"})");
  session_.service.converse("POST /v1/containers/web/start",
                            attached("half", R"({"started": {"pid": 1}})"));
  const Folder folder;
  const Ended ended = session_.run({"run", "--cidfile", folder.file("cid"), "busybox"});
  EXPECT_EQ(ended.status, 1);
  EXPECT_EQ(folder.read("cid"), "web");
  EXPECT_EQ(ended.out, "half");
  EXPECT_THAT(ended.err, HasSubstr("connection"));
  EXPECT_EQ(session_.service.lines().back(), "POST /v1/containers/web/start");
}

TEST_F(Containers, ExecSendsTheProcess) {
  session_.service.converse("POST /v1/containers/web/exec",
                            attached("out\n", R"({"exit": {"exitCode": 0}})"));
  EXPECT_EQ(session_.run({"exec", "-u", "nobody", "-e", "A=1", "web", "ls", "-l"}).out, "out\n");
  EXPECT_EQ(json::parse(session_.service.body_of("POST /v1/containers/web/exec")),
            (json{{"process",
                   {{"arguments", {"ls", "-l"}},
                    {"environment", {"A=1"}},
                    {"terminal", false},
                    {"interactive", false},
                    {"user", "nobody"}}},
                  {"detach", false}}));
}

TEST_F(Containers, ExecInTheBackgroundPrintsTheContainer) {
  session_.service.answer("POST /v1/containers/we/exec", 200, R"({"exec": "e1", "id": "web"})");
  EXPECT_EQ(session_.run({"exec", "-d", "we", "true"}).out, "web\n");
}

TEST_F(Containers, StartAttachedRefusesARunningContainer) {
  session_.service.answer("GET /v1/containers/web ", 200, container("web", "running").dump());
  session_.service.answer("POST /v1/containers/web/start", 200, R"({"id": "web"})");
  const Ended ended = session_.run({"start", "-a", "web"});
  EXPECT_EQ(ended.status, 1);
  EXPECT_THAT(ended.err, HasSubstr("running already"));
  EXPECT_EQ(session_.run({"start", "web"}).out, "web\n");
}

TEST_F(Containers, LogsGoToTheirStreams) {
  session_.service.converse("GET /v1/containers/web/logs?boot=1&follow=1&tail=3",
                            [](int connection, const Received&) {
                              std::string bytes = "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n";
                              append_stream_frames(bytes, StreamType::kStdout, "to out\n");
                              append_stream_frames(bytes, StreamType::kStderr, "to err\n");
                              send_bytes(connection, bytes);
                            });
  const Ended ended = session_.run({"logs", "--boot", "-f", "-n", "3", "web"});
  EXPECT_EQ(ended.status, 0);
  EXPECT_EQ(ended.out, "to out\n");
  EXPECT_EQ(ended.err, "to err\n");
  EXPECT_EQ(session_.run({"logs", "-n", "few", "web"}).status, 64);
}

TEST_F(Containers, StatsAsDataIsOneSample) {
  session_.service.answer("GET /v1/stats?id=a&id=b", 200,
                          R"([{"id": "a1", "cpuUsageUsec": 5}, {"id": "b"}])");
  EXPECT_EQ(session_.run({"stats", "--format", "json", "a", "b", "a"}).out,
            "[{\"cpuUsageUsec\":5,\"id\":\"a1\"},{\"id\":\"b\"}]\n");
}

TEST_F(Containers, StatsOfWhatDoesNotRun) {
  session_.service.answer("GET /v1/stats?id=a&id=b", 200, R"([{"id": "a"}])");
  const Ended ended = session_.run({"stats", "--no-stream", "a", "b"});
  EXPECT_EQ(ended.status, 1);
  EXPECT_EQ(ended.out, "");
  EXPECT_EQ(ended.err, "Error: container b is not running\n");
}

TEST_F(Containers, StatsOfTheMissing) {
  session_.service.answer("GET /v1/stats", 404, R"({"detail": "no such container: x", "code": 3})");
  EXPECT_EQ(session_.run({"stats", "--no-stream", "x"}).err, "Error: no such container: x\n");
}

TEST_F(Containers, ThePathIsEncoded) {
  (void)session_.run({"start", "a/b?c"});
  EXPECT_EQ(session_.service.lines().front(), "POST /v1/containers/a%2Fb%3Fc/start");
}

}  // namespace
}  // namespace bulkhead::cli
