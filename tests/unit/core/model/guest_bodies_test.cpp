#include "model/guest_bodies.hpp"

#include "model/capabilities.hpp"
#include "model/oci_defaults.hpp"
#include "support.hpp"

namespace bulkhead::model {
namespace {

using namespace test;
using testing::EndsWith;
using testing::Not;

const Json kConfiguration = Json::parse(R"({
  "id": "web", "dns": {"nameservers": [], "searchDomains": ["a.test"], "options": ["ndots:2"]},
  "mounts": [{"type": {"tmpfs": {}}, "destination": "/tmp", "source": "tmpfs", "options": []},
             {"type": {"virtiofs": {}}, "destination": "/data", "source": "/home", "options": []}],
  "resources": {"cpus": 2, "memoryInBytes": 268435456}, "sysctls": {"net.core.somaxconn": "9"},
  "capAdd": ["CAP_SYS_TIME"], "capDrop": ["ALL"],
  "initProcess": {"executable": "sh", "arguments": ["-c", "ls"], "environment": ["A=1"],
                  "workingDirectory": "/app", "terminal": true, "supplementalGroups": [6],
                  "user": {"id": {"uid": 5, "gid": 6}},
                  "rlimits": [{"limit": "RLIMIT_CORE", "soft": 1, "hard": -1}]}})");

TEST(GuestBodiesTest, Process) {
  EXPECT_EQ(process_request(kConfiguration), Json::parse(R"({
    "args": ["sh", "-c", "ls"], "env": ["A=1"], "cwd": "/app", "terminal": true, "user": "5:6",
    "supplementalGroups": [6], "capabilities": ["CAP_SYS_TIME"],
    "rlimits": [{"type": "RLIMIT_CORE", "soft": 1, "hard": -1}], "noNewPrivileges": false})"));
}

TEST(GuestBodiesTest, ExecKeepsTheContainersCapabilitiesAndTakesASize) {
  auto request = exec_process_request(
      kConfiguration,
      {{"arguments", {"top"}}, {"user", "www"}, {"size", {{"rows", 24}, {"cols", 80}}}});
  ASSERT_TRUE(request);
  EXPECT_EQ((*request)["args"], Json{"top"});
  EXPECT_EQ((*request)["user"], "www");
  EXPECT_EQ((*request)["capabilities"], Json{"CAP_SYS_TIME"});
  EXPECT_EQ((*request)["size"]["rows"], 24);
  EXPECT_EQ(code_of(exec_process_request(kConfiguration, Json::object())), Code::kInvalid);
}

TEST(GuestBodiesTest, GuestWithDefaults) {
  Json guest = guest_request(kConfiguration, {{"10.0.2.3"}, "test", "10.0.2.15"});
  EXPECT_EQ(guest["tmpfs"], Json::array()) << "they are among the mounts";
  EXPECT_EQ(guest["shmBytes"], 64 << 20);
  EXPECT_EQ(guest["maskedPaths"], Json(default_masked_paths()));
  EXPECT_EQ(guest["readonlyPaths"], Json(default_readonly_paths()));
  EXPECT_EQ(guest["resolvConf"],
            "nameserver 10.0.2.3\ndomain test\nsearch a.test\noptions ndots:2\n");
  EXPECT_THAT(guest["hosts"].get<std::string>(), HasSubstr("127.0.0.1 localhost\n"));
  EXPECT_THAT(guest["hosts"].get<std::string>(), HasSubstr("10.0.2.15 web\n"));
  EXPECT_THAT(guest["hosts"].get<std::string>(), Not(HasSubstr("host.container.internal")));
  GuestNetwork network{{"10.0.2.3"}, "test", "10.0.2.15"};
  network.gateway = "10.0.2.2";
  EXPECT_THAT(guest_request(kConfiguration, network)["hosts"].get<std::string>(),
              EndsWith("\n10.0.2.2 host.container.internal\n"));
  EXPECT_EQ(guest["cpus"], 2);
  EXPECT_EQ(guest["memoryBytes"], 268435456);
  EXPECT_EQ(guest["sysctls"]["net.core.somaxconn"], "9");
  EXPECT_EQ(guest["sysctls"]["vm.overcommit_memory"], "1");
}

TEST(GuestBodiesTest, GuestWithItsOwnChoices) {
  Json configuration = kConfiguration;
  configuration.erase("dns");
  configuration["maskedPaths"] = Json::array();
  configuration["shmSize"] = 4096;
  configuration["readOnly"] = true;
  Json guest = guest_request(configuration, {});
  EXPECT_EQ(guest["resolvConf"], nullptr);
  EXPECT_EQ(guest["maskedPaths"], Json::array());
  EXPECT_EQ(guest["shmBytes"], 4096);
  EXPECT_EQ(guest["readOnlyRoot"], true);
  configuration["dns"] = {{"nameservers", {"1.1.1.1"}}, {"domain", "own"}};
  EXPECT_EQ(guest_request(configuration, {{"10.0.2.3"}, "test", ""})["resolvConf"],
            "nameserver 1.1.1.1\ndomain own\n");
}

TEST(GuestBodiesTest, Machine) {
  ContainerState container;
  container.configuration = kConfiguration;
  container.image_disk = "/image";
  container.writable_disk = "/rw";
  EXPECT_EQ(machine_request(container, {"tcg", "/vmlinux", "/initramfs"}), Json::parse(R"({
    "accelerator": "tcg", "cpus": 2, "memoryBytes": 268435456, "kernel": "/vmlinux",
    "initramfs": "/initramfs", "imageDisk": "/image", "writableDisk": "/rw"})"));
  container.configuration.update(
      {{"kernel", "/own"}, {"kernelArgs", {"quiet"}}, {"virtualization", true}});
  Json machine = machine_request(container, {"kvm", "/vmlinux", "/initramfs"});
  EXPECT_EQ(machine["kernel"], "/own");
  EXPECT_EQ(machine["kernelArgs"], Json{"quiet"});
  EXPECT_EQ(machine["virtualization"], true);
}

}  // namespace
}  // namespace bulkhead::model
