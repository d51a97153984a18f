#include "requests.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <map>
#include <string>
#include <tuple>

namespace bulkhead::qemu {
namespace {

using testing::HasSubstr;

Json create_body() {
  return {{"container", "web"},
          {"hostname", "web"},
          {"machine",
           {{"accelerator", "tcg"},
            {"cpus", 2},
            {"memoryBytes", 268435456},
            {"kernel", "/k/vmlinux"},
            {"initramfs", "/k/initramfs"},
            {"imageDisk", "/d/image.ext4"},
            {"writableDisk", "/d/writable.ext4"}}},
          {"guest", {{"readOnlyRoot", false}, {"hosts", "127.0.0.1 localhost\n"}}}};
}

TEST(ParseCreate, ReadsAMachine) {
  const auto request = parse_create(create_body());
  ASSERT_TRUE(request) << request.error().message;
  EXPECT_EQ(request->machine.cpus, 2u);
  EXPECT_EQ(request->machine.accelerator, Accelerator::kTcg);
  EXPECT_EQ(request->boot_deadline.count(), 0);
}

TEST(ParseCreate, IgnoresUnknownKeys) {
  Json body = create_body();
  body["machine"]["colour"] = "blue";
  EXPECT_TRUE(parse_create(body));
}

TEST(ParseCreate, NamesTheKeyThatIsWrong) {
  for (const auto& [key, value] : std::vector<std::pair<const char*, Json>>{
           {"accelerator", "hvf"},
           {"cpus", 0},
           {"cpus", "two"},
           {"cpus", -1},
           {"memoryBytes", 1.5},
           {"kernel", "vmlinux"},
           {"kernel", nullptr},
           {"imageDisk", 7},
           {"kernelArgs", Json::array({"quiet init=/bin/sh"})},
           {"kernelArgs", "quiet"}}) {
    Json body = create_body();
    body["machine"][key] = value;
    const auto request = parse_create(body);
    ASSERT_FALSE(request) << key << " = " << value;
    EXPECT_EQ(request.error().code, Code::kInvalid);
    EXPECT_THAT(request.error().message, HasSubstr(key));
  }
}

TEST(ParseCreate, ReadsWhatAMachineHasBesideItsDisks) {
  Json body = create_body();
  body["machine"]["networks"] = {{{"network", "default"}, {"mac", "f2:62:00:00:00:0A"}}};
  body["machine"]["disks"] = {{{"serial", "vol-1"}, {"path", "/v/1.ext4"}, {"readOnly", true}}};
  body["machine"]["shares"] = {
      {{"tag", "src"}, {"path", "/home/u/src"}},
      {{"tag", "told"}, {"path", "/t"}, {"notify", true}, {"destination", "/in"}}};
  body["machine"]["sockets"] = {
      {{"direction", "to-host"}, {"host", "/run/agent"}, {"guest", "/agent"}},
      {{"direction", "to-guest"}, {"host", "/run/app"}, {"guest", "/app"}, {"mode", 0660}}};
  std::vector<UniqueFd> fds;
  for (int i = 0; i < 2; ++i) fds.emplace_back(::dup(0));
  const int first = fds[0].get();
  const auto request = parse_create(body, std::move(fds));
  ASSERT_TRUE(request) << request.error().message;
  const Machine& machine = request->machine;
  EXPECT_EQ(machine.networks.at(0).mac, "f2:62:00:00:00:0A");
  EXPECT_EQ(request->vm_ends.at(0).get(), first);
  EXPECT_EQ(request->switch_ends.size(), 1u);
  EXPECT_EQ(machine.disks.at(0).serial, "vol-1");
  EXPECT_TRUE(machine.disks.at(0).read_only);
  EXPECT_EQ(machine.shares.at(0).tag, "src");
  EXPECT_FALSE(machine.shares.at(0).read_only);
  EXPECT_FALSE(machine.shares.at(0).notify);
  EXPECT_TRUE(machine.shares.at(1).notify);
  EXPECT_EQ(machine.shares.at(1).destination, "/in");
  EXPECT_EQ(machine.sockets.at(0).direction, Socket::Direction::kToHost);
  EXPECT_FALSE(machine.sockets.at(0).mode);
  EXPECT_EQ(machine.sockets.at(1).mode, 0660u);
}

TEST(ParseCreate, ReadsWhatIsToCarryFolders) {
  Json body = create_body();
  EXPECT_EQ(parse_create(body)->machine.share_transport, ShareTransport::kAuto);
  for (const auto& [name, transport] :
       std::map<std::string, ShareTransport>{{"auto", ShareTransport::kAuto},
                                             {"9p", ShareTransport::k9p},
                                             {"virtiofs", ShareTransport::kVirtiofs}}) {
    body["machine"]["shareTransport"] = name;
    EXPECT_EQ(parse_create(body)->machine.share_transport, transport) << name;
  }
  body["machine"]["shareTransport"] = "nfs";
  EXPECT_THAT(parse_create(body).error().message, HasSubstr("shareTransport"));
}

TEST(ParseCreate, NamesTheItemThatIsWrong) {
  const Json disk = {{"serial", "a"}, {"path", "/a"}};
  const Json share = {{"tag", "a"}, {"path", "/a"}};
  auto with = [](Json object, const char* key, Json value) {
    object[key] = std::move(value);
    return object;
  };
  const Json socket = {{"direction", "to-host"}, {"host", "/h"}, {"guest", "/g"}};
  const std::vector<std::tuple<const char*, Json, const char*>> wrong = {
      {"disks", 7, "not a list"},
      {"disks", Json::array({7}), "item 0: is not an object"},
      {"disks", {disk, with(disk, "serial", "image,x")}, "item 1: key \"serial\""},
      {"disks", Json::array({with(disk, "serial", std::string(21, 's'))}), "serial"},
      {"disks", Json::array({with(disk, "path", "a")}), "absolute"},
      {"disks", {disk, disk}, "two named a"},
      {"disks", Json::array({with(disk, "serial", "writable")}), "two named writable"},
      {"shares", Json::array({with(share, "tag", std::string(32, 't'))}), "tag"},
      {"shares", {share, share}, "two named a"},
      {"shares", Json::array({with(share, "notify", true)}), "destination"},
      {"sockets", Json::array({with(socket, "direction", "up")}), "direction"},
      {"sockets", Json::array({with(socket, "guest", "app")}), "absolute"},
      {"sockets", Json::array({with(socket, "mode", 01000)}), "mode"},
      {"networks", {{{"network", "n"}, {"mac", "f2:62:00:00:00"}}}, "mac"},
      {"networks", {{{"network", "n"}, {"mac", "f3:62:00:00:00:01"}}}, "mac"},
      {"networks", {{{"network", "n"}, {"mac", "f2:62:00:00:00:01,x"}}}, "mac"},
      {"networks", {{{"network", "n"}, {"mac", "f2-62-00-00-00-01"}}}, "mac"}};
  for (const auto& [key, value, message] : wrong) {
    Json body = create_body();
    body["machine"][key] = value;
    const auto request = parse_create(body);
    ASSERT_FALSE(request) << key << " = " << value;
    EXPECT_EQ(request.error().code, Code::kInvalid);
    EXPECT_THAT(request.error().message, HasSubstr(message)) << value;
  }
}

TEST(ParseCreate, RefusesDescriptorsThatDoNotFitTheNetworks) {
  std::vector<UniqueFd> fds;
  fds.emplace_back(::dup(0));
  const auto request = parse_create(create_body(), std::move(fds));
  ASSERT_FALSE(request);
  EXPECT_THAT(request.error().message, HasSubstr("descriptors"));
}

TEST(ParseCreate, AParkedMachineHasItsCablesAndGetsAName) {
  Json body = create_body();
  body["parked"] = true;
  EXPECT_FALSE(parse_create(body));
  body["container"] = "web";
  body["logDir"] = "/logs";
  body["machine"]["networks"] = {{{"network", "n"}, {"mac", "f2:62:00:00:00:01"}}};
  auto request = parse_create(body);
  ASSERT_TRUE(request) << request.error().message;
  EXPECT_EQ(request->container, "web");
  EXPECT_EQ(request->log_dir, "/logs");
  std::vector<UniqueFd> fds(1);
  EXPECT_FALSE(parse_create(body, std::move(fds)));
}

TEST(ParsePark, WantsTwoDisksATemplateAndItsTwoFiles) {
  Json body = create_body();
  body["process"] = {{"args", {"/bin/true"}}};
  body["machine"]["writableDisk"] = "/w";
  auto parse = [&body](size_t count) {
    return parse_park(body, std::vector<UniqueFd>(count)).has_value();
  };
  EXPECT_FALSE(parse(2));
  body["machine"]["template"] = {{"cpus", 4}, {"memoryBytes", 1 << 30}, {"recipe", "so"}};
  EXPECT_TRUE(parse(2));
  EXPECT_FALSE(parse(1));
  body["machine"].erase("writableDisk");
  EXPECT_FALSE(parse(2));
}

TEST(ParseCreate, RefusesWhatIsNoObject) {
  EXPECT_FALSE(parse_create(Json::array()));
  EXPECT_FALSE(parse_create(nullptr));
  Json body = create_body();
  body["machine"] = "big";
  EXPECT_FALSE(parse_create(body));
}

TEST(ParseExec, RefusesIdsThatWouldLeaveTheirPath) {
  for (const char* id : {"", "../init", "a/b", ".", "..", "a b", "init"}) {
    const auto request = parse_exec({{"exec", id}, {"process", Json::object()}});
    EXPECT_FALSE(request) << id;
  }
  EXPECT_TRUE(parse_exec({{"exec", "a1.b-c_d"}, {"process", Json::object()}}));
}

TEST(ParseStart, CallsTheProcessInit) {
  const auto request =
      parse_start({{"process", {{"terminal", true}}}, {"attach", true}, {"stdin", true}});
  ASSERT_TRUE(request);
  EXPECT_EQ(request->id, "init");
  EXPECT_TRUE(request->attach && request->with_stdin && request->terminal);
}

TEST(ParseSignal, KnowsWhichNumbersAreSignals) {
  EXPECT_TRUE(parse_signal({{"process", "init"}, {"signal", 15}}));
  EXPECT_FALSE(parse_signal({{"process", "init"}, {"signal", 0}}));
  EXPECT_FALSE(parse_signal({{"process", "init"}, {"signal", 65}}));
}

TEST(ParseConfig, HasDefaultsForTheLog) {
  const auto config =
      parse_config({{"container", "web"}, {"runDir", "/run/x"}, {"logDir", "/log/x"}});
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_GE(config->log.max_files, 1u);
  EXPECT_GE(config->log.max_bytes, 4096u);
}

TEST(ParseConfig, RefusesALogThatNeverFits) {
  EXPECT_FALSE(parse_config({{"container", "web"},
                             {"runDir", "/run/x"},
                             {"logDir", "/log/x"},
                             {"log", {{"maxBytes", 1}}}}));
}

TEST(ParseProbe, HasADeadlineEvenIfNobodyGaveOne) {
  const auto request = parse_probe({{"kernel", "/k"}, {"initramfs", "/i"}});
  ASSERT_TRUE(request);
  EXPECT_EQ(request->deadline.count(), 2000);
}

}  // namespace
}  // namespace bulkhead::qemu
