// The commands about the service and the journal, against a canned service.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "support/session.hpp"

namespace bulkhead::cli {
namespace {

using nlohmann::json;
using testing::Ended;
using testing::Folder;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::Received;
using testing::send_bytes;
using testing::Session;
using ::testing::StartsWith;

class System : public ::testing::Test {
 protected:
  Session session_;
};

const char* const kSystem =
    R"({"status": "running", "appRoot": "/r/data", "apiServerVersion": "0.1.0", "apiServerCommit": "abc",
  "apiServerBuild": "release", "apiServerAppName": "container-apiserver", "pid": 7, "journal": {"id": "u", "seq": 9}})";

TEST_F(System, StatusAsATableAndAsData) {
  session_.service.answer("GET /v1/system ", 200, kSystem);
  const Ended table = session_.run({"system", "status"});
  EXPECT_EQ(table.status, 0);
  EXPECT_THAT(table.out, StartsWith("FIELD             VALUE\nstatus            running\n"));
  EXPECT_THAT(table.out, HasSubstr("journal.seq       9\n"));
  EXPECT_EQ(json::parse(session_.run({"s", "status", "--format", "json"}).out)["appRoot"],
            "/r/data");
}

TEST_F(System, VersionOfBothPrograms) {
  session_.service.answer("GET /v1/system ", 200, kSystem);
  const Ended ended = session_.run({"system", "version"});
  EXPECT_THAT(ended.out, StartsWith("COMPONENT            VERSION  BUILD"));
  EXPECT_THAT(ended.out, HasSubstr("container-apiserver  0.1.0    release"));
}

TEST_F(System, DiskUsage) {
  session_.service.answer(
      "GET /v1/system/df", 200,
      R"({"images": {"total": 2, "active": 1, "sizeInBytes": 4000000, "reclaimable": 1000000},
    "containers": {"total": 0, "active": 0, "sizeInBytes": 0, "reclaimable": 0}, "volumes": {}})");
  EXPECT_THAT(session_.run({"system", "df"}).out,
              StartsWith("TYPE           TOTAL  ACTIVE  SIZE  RECLAIMABLE\n"
                         "Images         2      1       4 MB  1 MB (25%)\n"
                         "Containers     0      0       0 B   0 B (0%)\n"));
}

TEST_F(System, Properties) {
  session_.service.answer(
      "GET /v1/system/properties ", 200,
      R"({"dns.domain": {"value": null, "default": null, "description": "Domain", "type": "string"},
                              "container.cpus": {"value": 2, "default": 4, "description": "CPUs", "type": "integer"}})");
  session_.service.answer("GET /v1/system/properties/container.cpus", 200,
                          R"({"key": "container.cpus", "value": 2})");
  session_.service.answer("PUT /v1/system/properties/dns.domain", 200, "{}");
  session_.service.answer("DELETE /v1/system/properties/dns.domain", 200, "{}");
  EXPECT_EQ(session_.run({"system", "property", "ls"}).out,
            "ID              TYPE     VALUE        DESCRIPTION\n"
            "container.cpus  integer  2            CPUs\n"
            "dns.domain      string   *undefined*  Domain\n");
  EXPECT_EQ(session_.run({"system", "property", "list", "--format", "toml"}).out,
            "[container]\ncpus = 2\n");
  EXPECT_EQ(session_.run({"system", "property", "get", "container.cpus"}).out, "2\n");
  EXPECT_EQ(session_.run({"system", "property", "set", "dns.domain", "test"}).status, 0);
  EXPECT_EQ(json::parse(session_.service.body_of("PUT /v1/system/properties/dns.domain")),
            (json{{"value", "test"}}));
  EXPECT_EQ(session_.run({"system", "property", "clear", "dns.domain"}).status, 0);
}

TEST_F(System, LogsAreAskedFromATimeOn) {
  session_.service.converse("GET /v1/system/logs?since=", [](int connection, const Received&) {
    send_bytes(connection,
               "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nline\n\r\n0\r\n\r\n");
  });
  EXPECT_EQ(session_.run({"system", "logs", "--last", "1d"}).out, "line\n");
  for (const char* bad : {"1x", "abc", "0m"}) {
    const Ended ended = session_.run({"system", "logs", "--last", bad});
    EXPECT_EQ(ended.status, 64);
    EXPECT_THAT(ended.err, HasSubstr("invalid --last value"));
  }
}

TEST_F(System, TheKernelFromAFileAnArchiveOrBack) {
  const Folder folder;
  const std::string file = folder.write("vmlinux", "kernel");
  session_.service.answer("PUT /v1/system/kernel", 200, "{}");
  EXPECT_EQ(
      session_.run({"system", "kernel", "set", "--binary", file, "--force", "--digest", "sha256:1"})
          .status,
      0);
  EXPECT_EQ(
      session_.run({"system", "kernel", "set", "--tar", file, "--binary", "boot/vmlinux"}).status,
      0);
  EXPECT_EQ(session_.run({"system", "kernel", "set", "--recommended"}).status, 0);
  EXPECT_THAT(session_.service.lines(),
              ::testing::ElementsAre(
                  "PUT /v1/system/kernel?force=1&digest=sha256%3A1&source=binary&name=vmlinux",
                  "PUT /v1/system/kernel?source=tar&member=boot%2Fvmlinux&name=vmlinux",
                  "PUT /v1/system/kernel?source=recommended"));
  EXPECT_EQ(session_.run({"system", "kernel", "set"}).status, 64);
  EXPECT_EQ(session_.run({"system", "kernel", "set", "--tar", file}).status, 64);
  EXPECT_THAT(
      session_.run({"system", "kernel", "set", "--tar", "https://x.test/k.tar", "--binary", "k"})
          .err,
      HasSubstr("fetch"));
}

const char* const kEvents =
    R"({"seq": 41, "at": "2026-11-24T03:01:02.123456Z", "stream": "container/web", "type": "container.start", "phase": "outcome", "data": {"ok": true, "pid": 7, "timing": {}}}
{"kind": "caught-up", "seq": 41}
{"seq": 42, "at": "2026-11-24T03:01:03Z", "stream": "container/web", "type": "container.stop", "phase": "outcome", "data": {"ok": false, "error": {"message": "too late"}}}
)";

TEST_F(System, EventsAreLinesForPeople) {
  session_.service.answer("GET /v1/events", 200, kEvents);
  EXPECT_EQ(session_.run({"events"}).out,
            "2026-11-24T03:01:02.123Z      41  container/web         container.start         "
            "outcome  pid=7\n"
            "2026-11-24T03:01:03Z          42  container/web         container.stop          "
            "outcome  failed: too late\n");
  EXPECT_EQ(session_.run({"events", "--format", "json"}).out, kEvents);
}

TEST_F(System, EventFiltersBecomeAQuery) {
  session_.service.answer("GET /v1/events", 200, "");
  EXPECT_EQ(session_
                .run({"events",      "--since",     "2026-11-24T00:00:00Z",
                      "--until",     "99",          "--after",
                      "u:5",         "--stream",    "container/*",
                      "--type",      "container.*", "--phase",
                      "fact",        "--root",      "3",
                      "--actor-uid", "1000",        "--limit",
                      "10",          "-f"})
                .status,
            0);
  EXPECT_EQ(session_.service.lines().front(),
            "GET "
            "/v1/"
            "events?since=2026-11-24T00%3A00%3A00Z&until=99&after=u%3A5&stream=container%2F%2A&"
            "type=container.%2A&phase=fact"
            "&root=3&uid=1000&limit=10&follow=1");
  for (const auto& words : std::vector<std::vector<std::string>>{{"events", "--since", "noon"},
                                                                 {"events", "--limit", "x"},
                                                                 {"events", "--phase", "moon"},
                                                                 {"events", "--root", "-1"}}) {
    EXPECT_EQ(session_.run(words).status, 64);
  }
}

TEST_F(System, HistoryOfAName) {
  session_.service.answer("GET /v1/history/docker.io%2Fweb%3A1?limit=2", 200, kEvents);
  EXPECT_THAT(session_.run({"history", "--limit", "2", "docker.io/web:1"}).out,
              HasSubstr("container.start"));
}

TEST_F(System, WithoutAServiceTheSentenceSaysHowToStartIt) {
  Context context;
  const UniqueFd err = testing::file_with("");
  EXPECT_EQ(Service("/nowhere/api.sock").connect().error().hint,
            "Start it with 'container system start'.");
}

TEST_F(System, DebugShowsWhatIsAsked) {
  session_.service.answer("GET /v1/containers", 200, "[]");
  EXPECT_THAT(session_.run({"--debug", "list", "-q"}).err, HasSubstr("debug: GET /v1/containers"));
  EXPECT_THAT(session_.run({"list", "-q"}).err, Not(HasSubstr("debug")));
  session_.environment["CONTAINER_DEBUG"] = "";
  EXPECT_THAT(session_.run({"list", "-q"}).err, HasSubstr("debug: status 200"));
}

}  // namespace
}  // namespace bulkhead::cli
