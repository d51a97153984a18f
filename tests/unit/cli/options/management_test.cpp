// From the command line of run to the ContainerRequest of docs/reference/api.md.
#include "options/management.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "command/commands.hpp"
#include "command/parse.hpp"
#include "support/session.hpp"

namespace bulkhead::cli {
namespace {

using nlohmann::json;
using testing::Folder;
using ::testing::HasSubstr;

Result<json> request(std::vector<std::string> words,
                     std::map<std::string, std::string> environment = {}) {
  const auto invocation = parse(commands::container_run, std::move(words));
  if (!invocation) return fail(invocation.error());
  return container_request(*invocation,
                           [environment](const std::string& name) -> std::optional<std::string> {
                             const auto found = environment.find(name);
                             if (found == environment.end()) return std::nullopt;
                             return found->second;
                           });
}

Error refusal(std::vector<std::string> words) {
  const auto made = request(std::move(words));
  return made ? Error{Code::kInternal, "accepted", {}} : made.error();
}

TEST(ContainerRequest, ABareImageAsksForNothing) {
  const auto made = request({"busybox"});
  ASSERT_TRUE(made);
  EXPECT_EQ((*made)["image"], "busybox");
  EXPECT_EQ((*made)["process"]["arguments"], json::array());
  for (const char* absent :
       {"name", "platform", "shmSize", "maskedPaths", "readonlyPaths", "dns", "kernel", "initImage",
        "runtime", "networks", "publishedPorts", "publishedSockets", "hosts"}) {
    EXPECT_FALSE(made->contains(absent)) << absent;
  }
  EXPECT_EQ((*made)["resources"], json::object());
  EXPECT_EQ((*made)["autoRemove"], false);
}

TEST(ContainerRequest, TheProcess) {
  const auto made =
      request({"-it", "-e", "A=1", "-u", "7:8", "-w", "/srv", "--uid", "5", "--gid", "6",
               "--entrypoint", "sh", "--ulimit", "nofile=1:2", "busybox", "-c", "echo"});
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_EQ((*made)["process"],
            (json{{"arguments", {"-c", "echo"}},
                  {"entrypoint", "sh"},
                  {"environment", {"A=1"}},
                  {"workingDirectory", "/srv"},
                  {"terminal", true},
                  {"interactive", true},
                  {"user", "7:8"},
                  {"uid", 5},
                  {"gid", 6},
                  {"rlimits", {{{"limit", "RLIMIT_NOFILE"}, {"soft", 1}, {"hard", 2}}}}}));
}

TEST(ContainerRequest, UnlimitedTravelsAsMinusOne) {
  const auto made = request({"--ulimit", "core=unlimited", "--ulimit", "cpu=5:-1", "busybox"});
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_EQ((*made)["process"]["rlimits"].dump(), R"([{"hard":-1,"limit":"RLIMIT_CORE","soft":-1},)"
                                                  R"({"hard":-1,"limit":"RLIMIT_CPU","soft":5}])");
}

TEST(ContainerRequest, TheMachine) {
  const auto made =
      request({"-c", "2", "-m", "512m", "--kernel", "/k/../vmlinux", "--kernel-arg", "a=1",
               "--kernel-arg", "b", "--virtualization", "--shm-size", "16m", "busybox"});
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_EQ((*made)["resources"], (json{{"cpus", 2}, {"memoryInBytes", 512U << 20}}));
  EXPECT_EQ((*made)["kernel"], "/vmlinux");
  EXPECT_EQ((*made)["kernelArgs"], (json{"a=1", "b"}));
  EXPECT_EQ((*made)["virtualization"], true);
  EXPECT_EQ((*made)["shmSize"], 16U << 20);
}

TEST(ContainerRequest, TheRest) {
  const auto made = request({"--name",
                             "web",
                             "--cap-add",
                             "net_admin",
                             "--cap-drop",
                             "ALL",
                             "-l",
                             "a=1",
                             "--read-only",
                             "--init",
                             "--rm",
                             "--tmpfs",
                             "/t",
                             "--mount",
                             "type=tmpfs,dst=/u,size=1k",
                             "--volume",
                             "/h:/v:ro",
                             "-v",
                             "data:/w",
                             "--masked-path",
                             "NONE",
                             "--masked-path",
                             "/x",
                             "--read-only-path",
                             "/y",
                             "--init-image",
                             "init:1",
                             "--runtime",
                             "qemu",
                             "--network",
                             "none",
                             "busybox"});
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_EQ((*made)["name"], "web");
  EXPECT_EQ((*made)["capAdd"], json{"CAP_NET_ADMIN"});
  EXPECT_EQ((*made)["capDrop"], json{"ALL"});
  EXPECT_EQ((*made)["labels"], (json{{"a", "1"}}));
  EXPECT_EQ((*made)["readOnly"], true);
  EXPECT_EQ((*made)["useInit"], true);
  EXPECT_EQ((*made)["autoRemove"], true);
  EXPECT_EQ((*made)["mounts"], json::parse(R"([
    {"type": "tmpfs", "source": "", "destination": "/t", "options": []},
    {"type": "tmpfs", "source": "", "destination": "/u", "options": ["size=1024"]},
    {"type": "virtiofs", "source": "/h", "destination": "/v", "options": ["ro"]},
    {"type": "volume", "source": "data", "destination": "/w", "options": []}])"));
  EXPECT_EQ((*made)["maskedPaths"], (json{"NONE", "/x"}));
  EXPECT_EQ((*made)["readonlyPaths"], json{"/y"});
  EXPECT_EQ((*made)["initImage"], "init:1");
  EXPECT_EQ((*made)["runtime"], "qemu");
}

TEST(ContainerRequest, RemoveIsRm) {
  EXPECT_EQ((*request({"--remove", "busybox"}))["autoRemove"], true);
}

TEST(ContainerRequest, Dns) {
  const auto made = request({"--dns", "192.0.2.1", "--dns", "::1", "--dns-domain", "d.test",
                             "--dns-search", "s.test", "--dns-option", "ndots:2", "busybox"});
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_EQ((*made)["dns"], (json{{"nameservers", {"192.0.2.1", "::1"}},
                                  {"domain", "d.test"},
                                  {"searchDomains", {"s.test"}},
                                  {"options", {"ndots:2"}}}));
  EXPECT_EQ((*request({"--no-dns", "busybox"}))["noDns"], true);
  EXPECT_EQ(refusal({"--no-dns", "--dns", "192.0.2.1", "busybox"}).code, kUsage);
  EXPECT_EQ(refusal({"--dns", "nonsense", "busybox"}).code, kUsage);
  EXPECT_EQ(refusal({"--dns-search", "a b", "busybox"}).code, kUsage);
  EXPECT_EQ(refusal({"--dns-domain", "x\nnameserver 6.6.6.6", "busybox"}).code, kUsage);
}

TEST(ContainerRequest, PlatformByPrecedence) {
  EXPECT_EQ((*request({"--arch", "arm64", "busybox"}))["platform"],
            (json{{"os", "linux"}, {"architecture", "arm64"}}));
  EXPECT_EQ((*request({"--arch", "arm64", "busybox"},
                      {{"CONTAINER_DEFAULT_PLATFORM", "linux/s390x"}}))["platform"]["architecture"],
            "s390x");
  EXPECT_EQ((*request({"--platform", "linux/arm/v7", "busybox"},
                      {{"CONTAINER_DEFAULT_PLATFORM", "linux/s390x"}}))["platform"],
            (json{{"os", "linux"}, {"architecture", "arm"}, {"variant", "v7"}}));
  EXPECT_EQ(refusal({"--platform", "arm64", "busybox"}).code, kUsage);
}

TEST(ContainerRequest, EnvironmentFilesComeBeforeOptions) {
  const Folder folder;
  const std::string file = folder.write("env", "A=file\nB=file\nHOME\n");
  const auto made =
      request({"--env-file", file, "-e", "B=option", "busybox"}, {{"HOME", "/home/me"}});
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_EQ((*made)["process"]["environment"], (json{"A=file", "B=option", "HOME=/home/me"}));
  EXPECT_THAT(refusal({"--env-file", "/nowhere/env", "busybox"}).message,
              HasSubstr("/nowhere/env"));
}

TEST(ContainerRequest, RefusesSenselessValues) {
  for (const auto& words :
       std::vector<std::vector<std::string>>{{"--cpus", "0", "i"},
                                             {"--cpus", "many", "i"},
                                             {"--memory", "lots", "i"},
                                             {"--name=", "i"},
                                             {"--cap-add=", "i"},
                                             {"--masked-path", "etc/shadow", "i"},
                                             {"--read-only-path", "x", "i"},
                                             {"--uid", "-1", "i"},
                                             {"--gid", "4294967295", "i"},
                                             {"--shm-size", "x", "i"},
                                             {"--label", "=x", "i"},
                                             {"--network", "n,mtu=1", "i"},
                                             {"-p", "80", "i"},
                                             {"--publish-socket", "/a", "i"},
                                             {"--add-host", "db", "i"},
                                             {"--network", "none", "--network", "none", "i"}}) {
    EXPECT_EQ(refusal(words).code, kUsage) << words[0];
  }
}

TEST(ContainerRequest, Networks) {
  EXPECT_EQ((*request({"--network", "none", "busybox"}))["networks"], (json{{{"name", "none"}}}));
  const auto made =
      request({"--network", "a,mac=02-42-ac-11-00-02,mtu=1500,ip=192.168.65.9,alias=x,alias=y",
               "--network", "b", "busybox"});
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_EQ((*made)["networks"], (json::array({{{"name", "a"},
                                                {"macAddress", "02:42:ac:11:00:02"},
                                                {"mtu", 1500},
                                                {"ipv4Address", "192.168.65.9"},
                                                {"aliases", {"x", "y"}}},
                                               {{"name", "b"}}})));
}

TEST(ContainerRequest, PublishedPortsAndSockets) {
  const auto made = request({"-p", "8080-8081:80-81", "--publish", "[::1]:53:5353/udp",
                             "--publish-socket", "/tmp/a:/run/b", "busybox"});
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_EQ((*made)["publishedPorts"], (json::array({{{"hostAddress", "127.0.0.1"},
                                                      {"hostPort", 8080},
                                                      {"containerPort", 80},
                                                      {"proto", "tcp"},
                                                      {"count", 2}},
                                                     {{"hostAddress", "::1"},
                                                      {"hostPort", 53},
                                                      {"containerPort", 5353},
                                                      {"proto", "udp"},
                                                      {"count", 1}}})));
  EXPECT_EQ((*made)["publishedSockets"],
            (json::array({{{"hostPath", "/tmp/a"}, {"containerPath", "/run/b"}}})));
}

TEST(ContainerRequest, NamesOfItsOwnAndTheAgent) {
  const auto made =
      request({"--add-host", "db:192.0.2.1", "--add-host", "up:host-gateway", "--ssh", "busybox"});
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_EQ((*made)["hosts"], (json::array({{{"name", "db"}, {"address", "192.0.2.1"}},
                                            {{"name", "up"}, {"address", "host-gateway"}}})));
  EXPECT_EQ((*made)["ssh"], true);
}

TEST(ContainerRequest, PortsNeedANetwork) {
  EXPECT_THAT(refusal({"--network", "none", "-p", "8080:80", "busybox"}).message,
              HasSubstr("--network none"));
}

}  // namespace
}  // namespace bulkhead::cli
