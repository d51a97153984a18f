// Networks, mounts and sockets of a container in a VM: what needs the drivers of the guest's kernel
// and QEMU's devices.
#include <gmock/gmock.h>

#include <fstream>
#include <memory>

#include "vm/machine.hpp"

namespace bulkhead::guest {
namespace {

using nlohmann::json;
using test::Machine;
using test::Reply;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

json network() {
  return {{"mac", test::kMac},     {"ipv4", "10.0.2.15/24"},   {"ipv6", "fd00:7::2/64"},
          {"gateway", "10.0.2.2"}, {"gatewayV6", "fd00:7::1"}, {"mtu", 65520}};
}

json mount(const char* type, const char* source, const char* destination,
           json more = json::object()) {
  json one = {{"type", type}, {"source", source}, {"destination", destination}};
  one.update(more);
  return one;
}

std::string text_of(const std::filesystem::path& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

class Surroundings : public testing::Test {
 protected:
  void SetUp() override {
    if (const std::string& missing = test::missing_for_vm(); !missing.empty())
      GTEST_SKIP() << missing;
    machine = std::make_unique<Machine>("", test::Devices::kSurrounded);
  }

  Reply make(const json& patch) {
    EXPECT_TRUE(machine->connect());
    json container = machine->default_container();
    container.update(patch);
    return machine->ask("POST", "/v1/container", container);
  }
  // With its own command running.
  void start(const json& patch) {
    Reply made = make(patch);
    ASSERT_EQ(made.status, 200) << made.body << machine->console();
    int32_t init = machine->start("init", {{"args", {"sleep", "100000"}}}, true);
    ASSERT_TRUE(machine->await([&] { return machine->client->reply(init).status != 0; }));
    ASSERT_EQ(machine->client->reply(init).status, 200) << machine->client->reply(init).body;
  }
  std::string out(const std::string& script) {
    Reply reply = machine->shell(script);
    EXPECT_EQ(reply.status, 200) << script << ": " << reply.body;
    return reply.out() + reply.err();
  }
  bool says(int32_t stream, const std::string& text) {
    return machine->await([&] {
      const Reply& reply = machine->client->reply(stream);
      return reply.closed || (reply.out() + reply.body).find(text) != std::string::npos;
    }) && !machine->client->reply(stream).closed;
  }
  void shut_down() {
    EXPECT_EQ(machine->ask("POST", "/v1/shutdown", json::object()).body, "{}");
    EXPECT_TRUE(machine->await_exit());
  }

  std::unique_ptr<Machine> machine;
};

TEST_F(Surroundings, NetworkMountsAndSockets) {
  start({{"networks", {network()}},
         // The inner before the outer.
         {"mounts",
          {mount("tmpfs", "", "/filled/sub/scratch", {{"sizeBytes", 1 << 20}, {"mode", 0750}}),
           mount("disk", "volume", "/filled", {{"copyUp", true}}), mount("share", "share", "/src"),
           mount("share", "share", "/seen", {{"readOnly", true}}),
           mount("share", "share", "/var/lock/one", {{"file", "file"}})}},
         {"sockets",
          {{{"direction", "to-host"}, {"guest", "/var/lock/agent"}, {"id", 0}},
           {{"direction", "to-guest"}, {"guest", "/var/lock/served"}, {"id", 1}}}}});

  // The card.
  EXPECT_THAT(out("busybox ip addr show eth0"),
              testing::AllOf(HasSubstr("mtu 65520"), HasSubstr("inet 10.0.2.15/24"),
                             HasSubstr("inet6 fd00:7::2/64 scope global"), HasSubstr(",UP"),
                             Not(HasSubstr("tentative"))));
  EXPECT_THAT(out("busybox ip route"), HasSubstr("default via 10.0.2.2 dev eth0"));
  EXPECT_THAT(out("busybox ip -6 route"), HasSubstr("default via fd00:7::1 dev eth0"));
  EXPECT_EQ(machine->exec({"busybox", "ping", "-c", "1", "-W", "20", "10.0.2.2"}).exit_code(), 0);

  // The volume, with what the image has.
  EXPECT_EQ(out("cat /filled/sub/file /filled/same /filled/link; stat -c %a,%h /filled/same"),
            "the image's\nthe image's\nthe image's\n4755,2\n");
  EXPECT_THAT(out("grep ' /filled ' /proc/mounts"),
              testing::AllOf(HasSubstr(" ext4 rw,"), HasSubstr("discard"),
                             HasSubstr("errors=remount-ro"), Not(HasSubstr("nosuid"))));
  EXPECT_EQ(out("stat -c %a /filled/sub/scratch; df -k /filled/sub/scratch | tail -n 1 | "
                "grep -c 1024"),
            "750\n1\n");

  // The share.
  EXPECT_EQ(out("cat /src/file /src/sub/file; echo guest > /src/new"), "the host's\nbelow\n");
  EXPECT_EQ(text_of(machine->share() / "new"), "guest\n");
  EXPECT_THAT(out("echo x > /seen/new"), HasSubstr("Read-only file system"));
  EXPECT_THAT(out("grep -E ' /(src|seen) ' /proc/mounts"), HasSubstr("nodev"));
  EXPECT_EQ(out("cat /run/lock/one"), "the host's\n") << "the image's link, and what it names";
  EXPECT_EQ(out("program map /src/file"), "");
  EXPECT_THAT(text_of(machine->share() / "file"), StartsWith("mapped"));

  // A program of the container calls the host.
  int32_t notices = machine->client->request("GET", "/v1/sockets", "", true);
  int32_t caller = machine->start(
      "caller", {{"args", {"program", "connect", "/var/lock/agent"}}, {"stdin", true}}, false);
  ASSERT_TRUE(says(notices, "}\n"));
  json notice = json::parse(machine->client->reply(notices).body);
  EXPECT_EQ(notice["socket"], 0);
  int32_t taken = machine->client->request(
      "POST", "/v1/sockets/connections/" + notice["connection"].dump(), "answer", true);
  machine->client->send(caller, "question");
  machine->client->finish(caller);
  ASSERT_TRUE(machine->await_closed(taken));
  ASSERT_TRUE(machine->await_closed(caller));
  EXPECT_EQ(machine->client->reply(taken).body, "question");
  EXPECT_EQ(machine->client->reply(caller).out(), "answer");
  EXPECT_EQ(machine->client->reply(caller).exit_code(), 0);

  // The host calls a program of the container.
  EXPECT_EQ(machine->ask("POST", "/v1/sockets/1/connect").status, 404);
  int32_t served =
      machine->start("served", {{"args", {"program", "serve", "/run/lock/served"}}}, true);
  ASSERT_TRUE(says(served, "ready"));
  int32_t call = machine->client->request("POST", "/v1/sockets/1/connect", "echo", true);
  ASSERT_TRUE(machine->await_closed(call));
  EXPECT_EQ(machine->client->reply(call).status, 200);
  EXPECT_EQ(machine->client->reply(call).body, "echo");

  // Changes on the host. (A folder below the share is looked up anew each time, and is a new one to
  // the kernel: who watches that sees nothing.)
  int32_t watcher =
      machine->start("watcher", {{"args", {"program", "watch", "/src", "/var/lock/one"}}}, true);
  ASSERT_TRUE(says(watcher, "ready"));
  EXPECT_EQ(machine->ask("POST", "/v1/touch", {{"paths", {"/src/new", "/gone"}}}).body, "{}");
  EXPECT_TRUE(says(watcher, "/src 2 new\n"));
  EXPECT_EQ(machine->ask("POST", "/v1/touch", {{"paths", {"/var/lock/one"}}}).body, "{}");
  EXPECT_TRUE(says(watcher, "/var/lock/one 2 \n"));
  shut_down();
  EXPECT_THAT(machine->console(), Not(HasSubstr("bulkhead:")));
}

TEST_F(Surroundings, AVolumeKeepsWhatItHas) {
  json volume = {{"mounts", {mount("disk", "volume", "/filled", {{"copyUp", true}})}}};
  start(volume);
  EXPECT_EQ(out("rm -r /filled/sub; echo mine > /filled/mine; sync"), "");
  machine->kill();
  machine->boot_again();
  start(volume);
  EXPECT_EQ(out("cat /filled/mine; ls /filled"), "mine\nlink\nlost+found\nmine\nsame\n");
  shut_down();
  machine->boot_again();
  start({{"mounts", {mount("disk", "volume", "/other", {{"readOnly", true}})}}});
  EXPECT_EQ(out("cat /other/mine"), "mine\n");
  EXPECT_THAT(out("echo x > /other/mine"), HasSubstr("Read-only file system"));
}

TEST_F(Surroundings, ACopyUpIntoAFolderOfTheHost) {
  start({{"mounts",
          {mount("share", "share", "/filled", {{"copyUp", true}, {"readOnly", true}}),
           mount("disk", "volume", "/v")}}});
  EXPECT_EQ(out("cat /filled/file; ls /v"), "the host's\nlost+found\n");
  machine->kill();
  std::filesystem::remove_all(machine->share() / "sub");
  std::filesystem::remove(machine->share() / "file");
  machine->boot_again();
  start({{"mounts", {mount("share", "share", "/filled", {{"copyUp", true}})}}});
  EXPECT_EQ(out("cat /filled/sub/file /filled/link; stat -c %a,%h /filled/same"),
            "the image's\nthe image's\n4755,2\n");
  EXPECT_EQ(text_of(machine->share() / "sub/file"), "the image's\n");
}

TEST_F(Surroundings, WhatIsMissingIsNamed) {
  json other = network();
  other["mac"] = "f2:62:00:00:00:01";
  Reply made = make({{"networks", {other}}});
  EXPECT_EQ(made.status, 404);
  EXPECT_THAT(made.body, HasSubstr("no network card with the address f2:62:00:00:00:01"));
  machine->kill();
  machine->boot_again();
  made = make({{"mounts", {mount("disk", "other", "/v")}}});
  EXPECT_EQ(made.status, 404);
  EXPECT_THAT(made.body, HasSubstr("no disk with the serial other"));
  machine->kill();
  machine->boot_again();
  made = make({{"mounts", {mount("share", "share", "/etc/marker")}}});
  EXPECT_EQ(made.status, 409);
  EXPECT_THAT(made.body, HasSubstr("/etc/marker of the image is no directory"));
}

}  // namespace
}  // namespace bulkhead::guest
