// What a machine has beside its disks: networks, volumes, folders, sockets, through the whole
// plugin.
#include <fcntl.h>
#include <sys/socket.h>

#include "bulkhead/unix_socket.hpp"
#include "runtime_fixture.hpp"

namespace bulkhead::qemu::test {
namespace {

using testing::HasSubstr;

struct Link {
  UniqueFd vm, host;
};

Link make_link() {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) std::abort();
  return {UniqueFd(ends[0]), UniqueFd(ends[1])};
}

struct DevicesTest : RuntimeTest {
  static Json with_networks(int count) {
    Json body = create_body({"fake.frames"});
    for (int i = 0; i < count; ++i) {
      body["machine"]["networks"].push_back({{"network", "net-" + std::to_string(i)},
                                             {"mac", "f2:62:00:00:00:0" + std::to_string(i)}});
    }
    return body;
  }
  Result<Json> create_with(Json body, std::vector<UniqueFd> fds) {
    return host.wait(host.submit(*plugin, "runtime.create", std::move(body), std::move(fds)));
  }
  void restart_with_virtiofsd(const std::string& path) {
    plugin->stop();
    plugin = std::make_unique<RuntimePlugin>(host.host());
    ASSERT_TRUE(plugin->start({{"container", "web"},
                               {"runDir", dir.string()},
                               {"logDir", dir.string()},
                               {"qemu", FAKE_QEMU},
                               {"virtiofsd", path}}));
  }
  static std::vector<pid_t> children_named(const std::string& name) {
    std::vector<pid_t> found;
    for (const auto& task : fs::directory_iterator("/proc/self/task")) {
      std::istringstream pids(file_text(task.path() / "children"));
      for (std::string pid; pids >> pid;) {
        if (file_text("/proc/" + pid + "/comm") == name + "\n") found.push_back(std::stoi(pid));
      }
    }
    return found;
  }
  static std::string frame_from(const UniqueFd& fd) {
    char buffer[100];
    const ssize_t n = ::recv(fd.get(), buffer, sizeof buffer, 0);
    return n < 0 ? "(error)" : std::string(buffer, static_cast<size_t>(n));
  }
};

TEST_F(DevicesTest, HandsTheMachineItsEndsOfTheNetworksInTheirOrder) {
  Link one = make_link(), two = make_link();
  std::vector<UniqueFd> fds;
  for (Link* link : {&one, &two}) {
    fds.push_back(std::move(link->vm));
    fds.emplace_back(::dup(link->host.get()));
  }
  const auto created = create_with(with_networks(2), std::move(fds));
  ASSERT_TRUE(created) << created.error().message;
  EXPECT_EQ(frame_from(one.host), "frame of card 0");
  EXPECT_EQ(frame_from(two.host), "frame of card 1");
}

TEST_F(DevicesTest, KeepsTheSwitchesEndsForWhoReplacesASwitch) {
  Link link = make_link();
  std::vector<UniqueFd> fds;
  fds.push_back(std::move(link.vm));
  fds.emplace_back(::dup(link.host.get()));
  ASSERT_TRUE(create_with(with_networks(1), std::move(fds)));
  link.host.reset();  // the switch is gone
  const bh_op op = host.submit(*plugin, "runtime.links", Json::object());
  const auto links = host.wait(op);
  ASSERT_TRUE(links) << links.error().message;
  EXPECT_EQ((*links)["networks"], Json::array({"net-0"}));
  auto kept = host.take_fds(op);
  ASSERT_EQ(kept.size(), 1u);
  EXPECT_EQ(frame_from(kept[0]), "frame of card 0") << "nothing was lost meanwhile";
}

TEST_F(DevicesTest, LetsTheSwitchSeeTheMachineGo) {
  Link link = make_link();
  std::vector<UniqueFd> fds;
  fds.push_back(std::move(link.vm));
  fds.emplace_back(::dup(link.host.get()));
  ASSERT_TRUE(create_with(with_networks(1), std::move(fds)));
  EXPECT_EQ(frame_from(link.host), "frame of card 0");
  ::kill((*call("inspect"))["pid"].get<pid_t>(), SIGKILL);
  ASSERT_TRUE(host.event("vm.stopped"));
  EXPECT_EQ(frame_from(link.host), "");
  EXPECT_EQ((*call("links"))["networks"], Json::array());
}

TEST_F(DevicesTest, RefusesNetworksWithoutTheirDescriptors) {
  Link link = make_link();
  std::vector<UniqueFd> fds;
  fds.push_back(std::move(link.vm));
  const auto created = create_with(with_networks(1), std::move(fds));
  ASSERT_FALSE(created);
  EXPECT_EQ(created.error().code, Code::kInvalid);
  EXPECT_EQ(call("links").error().code, Code::kNotFound);
}

TEST_F(DevicesTest, ANetworkOutlivesAKvmThatDoesNotBoot) {
  Link link = make_link();
  std::vector<UniqueFd> fds;
  fds.push_back(std::move(link.vm));
  fds.emplace_back(::dup(link.host.get()));
  Json body = with_networks(1);
  body["machine"]["accelerator"] = "kvm";
  body["machine"]["kernelArgs"].push_back("fake.kvm-fails");
  const auto created = create_with(body, std::move(fds));
  ASSERT_TRUE(created) << created.error().message;
  EXPECT_EQ((*created)["accelerator"], "tcg");
  EXPECT_EQ(frame_from(link.host), "frame of card 0");
}

TEST_F(DevicesTest, TellsHowEachFolderIsShared) {
  Json body = create_body();
  body["machine"]["shares"] = {{{"tag", "src"}, {"path", "/src"}}};
  body["machine"]["shareTransport"] = "9p";
  for (const char* place : {"/here", "/there"})
    body["guest"]["mounts"].push_back(
        {{"type", "share"}, {"source", "src"}, {"destination", place}});
  const auto created = call("create", body);
  ASSERT_TRUE(created) << created.error().message;
  EXPECT_EQ((*created)["shares"],
            (Json{{{"tag", "src"}, {"transport", "9p"}, {"destinations", {"/here", "/there"}}}}));
  EXPECT_EQ((*call("inspect"))["shares"], (*created)["shares"]);
}

TEST_F(DevicesTest, AFolderThatNoVirtiofsdServesGoesBy9pAndSaysWhy) {
  restart_with_virtiofsd("/bin/false");
  Json body = create_body();
  body["machine"]["shares"] = {{{"tag", "src"}, {"path", "/src"}}};
  const auto created = call("create", body);
  ASSERT_TRUE(created) << created.error().message;
  EXPECT_EQ((*created)["shares"][0]["transport"], "9p");
  EXPECT_THAT((*created)["shares"][0]["reason"].get<std::string>(), HasSubstr("doesn't answer"));
}

TEST_F(DevicesTest, VirtiofsThatWasOrderedAndCannotBeIsAnError) {
  restart_with_virtiofsd("/nowhere/virtiofsd");
  Json body = create_body();
  body["machine"]["shares"] = {{{"tag", "src"}, {"path", "/src"}}};
  body["machine"]["shareTransport"] = "virtiofs";
  const auto created = call("create", body);
  ASSERT_FALSE(created);
  EXPECT_EQ(created.error().code, Code::kUnavailable);
  EXPECT_THAT(created.error().message, HasSubstr("no virtiofsd"));
}

TEST_F(DevicesTest, AMachineThatIsBootedHasItsFoldersByVirtiofs) {
  restart_with_virtiofsd(FAKE_VIRTIOFSD);
  Json body = create_body();
  body["machine"]["shares"] = {{{"tag", "src"}, {"path", "/src"}}};
  const auto created = call("create", body);
  ASSERT_TRUE(created) << created.error().message;
  EXPECT_EQ((*created)["shares"][0]["transport"], "virtiofs");
  EXPECT_FALSE((*created)["shares"][0].contains("reason"));
}

TEST_F(DevicesTest, AMachineThatMightHaveBeenACloneHasItsFoldersBy9p) {
  restart_with_virtiofsd(FAKE_VIRTIOFSD);
  Json body = create_body();
  body["machine"]["shares"] = {{{"tag", "src"}, {"path", "/src"}}};
  body["machine"]["cloning"] = true;
  const auto created = call("create", body);
  ASSERT_TRUE(created) << created.error().message;
  EXPECT_EQ((*created)["shares"][0]["transport"], "9p");
  EXPECT_THAT((*created)["shares"][0]["reason"].get<std::string>(), HasSubstr("cloned"));
}

TEST_F(DevicesTest, AServerThatEndsTakesItsMachineWithIt) {
  restart_with_virtiofsd(FAKE_VIRTIOFSD);
  Json body = create_body();
  body["machine"]["shares"] = {{{"tag", "src"}, {"path", "/src"}}};
  const auto created = call("create", body);
  ASSERT_TRUE(created) << created.error().message;
  const auto servers = children_named("fake_virtiofsd");
  ASSERT_EQ(servers.size(), 1u);
  ::kill(servers[0], SIGKILL);
  ASSERT_TRUE(host.event("vm.stopped"));
  EXPECT_EQ(count_children(), 0u);
}

TEST_F(DevicesTest, FoldersThatMustComeByVirtiofsAreWorthABoot) {
  restart_with_virtiofsd(FAKE_VIRTIOFSD);
  Json body = create_body();
  body["machine"]["shares"] = {{{"tag", "src"}, {"path", "/src"}}};
  body["machine"]["shareTransport"] = "virtiofs";
  body["machine"]["template"] = {{"memoryBytes", 1 << 30}, {"recipe", "whatever"}};
  std::vector<UniqueFd> fds;
  for (int i = 0; i < 2; ++i) fds.emplace_back(::open("/dev/null", O_RDWR | O_CLOEXEC));
  const auto created = create_with(body, std::move(fds));
  ASSERT_TRUE(created) << created.error().message;
  EXPECT_EQ((*created)["cloned"], false);
  EXPECT_EQ((*created)["shares"][0]["transport"], "virtiofs");
  EXPECT_EQ((*created)["notCloned"], "its folders come by virtio-fs");
  EXPECT_EQ((*created)["badTemplate"], false);
}

TEST_F(DevicesTest, RefusesMoreThanThereIsRoomFor) {
  Json body = create_body();
  for (int i = 0; i < 24; ++i) {
    body["machine"]["shares"].push_back({{"tag", "t" + std::to_string(i)}, {"path", "/src"}});
  }
  const auto created = call("create", body);
  ASSERT_FALSE(created);
  EXPECT_EQ(created.error().code, Code::kInvalid);
  EXPECT_THAT(created.error().message, HasSubstr("room"));
}

TEST_F(DevicesTest, ExplainsADiskThatIsInUse) {
  Json body = create_body({"fake.locked=/volumes/db/volume.ext4"});
  const auto created = call("create", body);
  ASSERT_FALSE(created);
  EXPECT_EQ(created.error().code, Code::kConflict);
  EXPECT_THAT(created.error().message,
              HasSubstr("the disk /volumes/db/volume.ext4 is in use by another virtual machine"));
}

TEST_F(DevicesTest, PublishesSocketsFromCreateToTheEnd) {
  const std::string path = dir / "published/app.sock";
  Json body = create_body();
  body["machine"]["sockets"] = {
      {{"direction", "to-guest"}, {"host", path}, {"guest", "/run/app.sock"}}};
  ASSERT_TRUE(call("create", body));
  auto connected = connect_unix(path);
  ASSERT_TRUE(connected) << connected.error().message;
  ASSERT_EQ(::send(connected->get(), "ping", 4, MSG_NOSIGNAL), 4);
  EXPECT_EQ(frame_from(*connected), "ping") << "the fake's socket echoes";
  ASSERT_TRUE(call("stop", {{"signal", 15}, {"timeoutMs", 60'000}}));
  EXPECT_FALSE(fs::exists(path));
}

TEST_F(DevicesTest, ABusySocketIsNoReasonToBootAndTheNextOrderMaySucceed) {
  const std::string path = dir / "app.sock";
  auto busy = listen_unix(path);
  Json body = create_body();
  body["machine"]["sockets"] = {
      {{"direction", "to-guest"}, {"host", path}, {"guest", "/run/app.sock"}}};
  const auto refused = call("create", body);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::kConflict);
  EXPECT_EQ(count_children(), 0u);
  busy->reset();
  EXPECT_TRUE(call("create", body));
}

}  // namespace
}  // namespace bulkhead::qemu::test
