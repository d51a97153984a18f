// A real machine saved, and real clones of it.
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <chrono>
#include <fstream>
#include <thread>

#include "vm_fixture.hpp"

namespace bulkhead::qemu::test {
namespace {

using testing::HasSubstr;

constexpr uint64_t kMemory = 256 << 20;

struct Saved {
  UniqueFd ram, state;
  Json made;
};

UniqueFd duplicate(const UniqueFd& fd) {
  return UniqueFd(::fcntl(fd.get(), F_DUPFD_CLOEXEC, 0));
}

struct VmTemplateTest : VmTest {
  Json machine = create_body(materials().kernel)["machine"];

  // Made once for all tests, by a plugin that is gone when it is used, as the daemon's are.
  static const Saved& saved() {
    static const Saved one = [] {
      Saved made{UniqueFd(::memfd_create("ram", MFD_CLOEXEC | MFD_ALLOW_SEALING)),
                 UniqueFd(::memfd_create("state", MFD_CLOEXEC | MFD_ALLOW_SEALING)), Json()};
      EXPECT_EQ(::ftruncate(made.ram.get(), 1 << 30), 0);
      TestHost host;
      RuntimePlugin plugin(host.host());
      const std::string dir = materials().dir / "template";
      fs::create_directories(dir);
      EXPECT_TRUE(plugin.start({{"container", "template"}, {"runDir", dir}, {"logDir", dir}}));
      Json shape = create_body(materials().kernel)["machine"];
      shape.erase("imageDisk");
      shape["memoryBytes"] = kMemory;
      std::vector<UniqueFd> fds;
      fds.push_back(duplicate(made.ram));
      fds.push_back(duplicate(made.state));
      auto answer =
          host.wait(host.submit(plugin, "runtime.template", {{"machine", shape}}, std::move(fds)));
      EXPECT_TRUE(answer) << answer.error().message;
      made.made = answer ? *answer : Json::object();
      plugin.stop();
      for (const UniqueFd* fd : {&made.ram, &made.state}) {
        EXPECT_EQ(::fcntl(fd->get(), F_ADD_SEALS,
                          F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE),
                  0);
      }
      return made;
    }();
    return one;
  }

  Result<Json> clone(std::vector<UniqueFd> fds = {}) {
    Json body = create_body(materials().kernel);
    machine["template"] = {{"memoryBytes", kMemory}, {"recipe", saved().made.value("recipe", "")}};
    body["machine"] = machine;
    body["guest"]["networks"] = networks;
    fds.push_back(duplicate(saved().ram));
    fds.push_back(duplicate(saved().state));
    return host.wait(host.submit(*plugin, "runtime.create", std::move(body), std::move(fds)));
  }
  std::string shell(const std::string& script) {
    AttachClient client;
    const auto started = call("exec",
                              {{"exec", "e" + std::to_string(execs++)},
                               {"process", process_json({"sh", "-c", script}, false,
                                                        {"CAP_SYS_ADMIN", "CAP_DAC_OVERRIDE"})},
                               {"attach", true},
                               {"stdin", true}},
                              client.take_far_end());
    EXPECT_TRUE(started) << started.error().message;
    const auto all = client.read_all();
    return all.out + all.err;
  }

  Json networks = Json::array();
  size_t execs = 0;
};

uint64_t resident_kib(pid_t pid, const std::string& key) {
  std::ifstream status("/proc/" + std::to_string(pid) + "/smaps_rollup");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with(key)) return std::stoull(line.substr(key.size()));
  }
  return 0;
}

TEST_F(VmTemplateTest, ACloneRunsAndSaysSo) {
  const auto created = clone();
  ASSERT_TRUE(created) << created.error().message;
  EXPECT_EQ((*created)["cloned"], true) << created->dump();
  start({"sleep", "1000"});
  EXPECT_EQ(shell("hostname; cat /proc/1/comm"), "web\nsleep\n");
  EXPECT_EQ(shell("ls /sys/block | busybox grep -c vd"), "2\n");  // placeholders have no driver
}

TEST_F(VmTemplateTest, AClonesDisksCardsAndFoldersAreItsOwn) {
  int ends[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
  std::vector<UniqueFd> fds;
  fds.emplace_back(ends[0]);
  fds.emplace_back(ends[1]);
  const fs::path disk = dir / "volume.img", folder = dir / "folder";
  std::ofstream(disk).close();
  fs::resize_file(disk, 24 << 20);
  fs::create_directories(folder);
  std::ofstream(folder / "file") << "of the host";
  machine["networks"] = {{{"network", "n"}, {"mac", "f2:62:00:00:00:07"}}};
  machine["disks"] = {{{"serial", "volume"}, {"path", disk}}};
  machine["shares"] = {{{"tag", "src"}, {"path", folder}}};
  networks = {{{"mac", "f2:62:00:00:00:07"}, {"ipv4", "10.1.2.3/24"}, {"mtu", 1500}}};
  const auto created = clone(std::move(fds));
  ASSERT_TRUE(created) << created.error().message;
  EXPECT_EQ((*created)["cloned"], true) << created->dump();
  start({"sleep", "1000"});
  EXPECT_EQ(shell("cat /sys/class/net/eth0/address"), "f2:62:00:00:00:07\n");
  EXPECT_EQ(shell("for d in /sys/block/vd*; do read s <$d/serial; [ $s = volume ] && cat $d/size; "
                  "done"),
            std::to_string((24 << 20) / 512) + "\n");
  EXPECT_EQ(shell("busybox mount -t 9p -o trans=virtio,version=9p2000.L src /tmp && cat /tmp/file"),
            "of the host");
}

TEST_F(VmTemplateTest, ClonesShareWhatNeitherHasChanged) {
  ASSERT_TRUE(clone());
  start({"sleep", "1000"});
  const auto qemu = (*call("inspect"))["pid"].get<pid_t>();
  const uint64_t own = resident_kib(qemu, "Private_Dirty:");
  const uint64_t all = resident_kib(qemu, "Rss:");
  EXPECT_LT(own, all);
  EXPECT_LT(own, 60u << 10);
}

// Through the template's sealed memory: only the clone's own pages are given back.
TEST_F(VmTemplateTest, ACloneGivesMemoryBackToo) {
  machine["memoryBytes"] = 200 << 20;
  ASSERT_TRUE(clone());
  start({"sleep", "1000"});
  const auto qemu = (*call("inspect"))["pid"].get<pid_t>();
  const uint64_t before = resident_kib(qemu, "Private_Dirty:");
  shell(
      "busybox mount -t tmpfs -o size=120m tmpfs /tmp; "
      "busybox dd if=/dev/urandom of=/tmp/f bs=1M count=90");
  const uint64_t used = resident_kib(qemu, "Private_Dirty:");
  EXPECT_GT(used, before + (60 << 10));
  shell("busybox rm /tmp/f");
  uint64_t after = used;
  for (int i = 0; i < 600 && after > before + (30 << 10); ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    after = resident_kib(qemu, "Private_Dirty:");
  }
  EXPECT_LT(after, before + (30 << 10)) << "before " << before << ", used " << used;
  EXPECT_THAT(host.log(), testing::Not(HasSubstr("discard")));
}

TEST_F(VmTemplateTest, AStateThatIsGarbageCostsABoot) {
  std::vector<UniqueFd> fds;
  Json body = create_body(materials().kernel);
  machine["template"] = {{"memoryBytes", kMemory}, {"recipe", saved().made.value("recipe", "")}};
  body["machine"] = machine;
  fds.push_back(duplicate(saved().ram));
  fds.emplace_back(::memfd_create("garbage", MFD_CLOEXEC));
  ASSERT_EQ(::write(fds.back().get(), "garbage", 7), 7);
  const auto created =
      host.wait(host.submit(*plugin, "runtime.create", std::move(body), std::move(fds)));
  ASSERT_TRUE(created) << created.error().message;
  EXPECT_EQ((*created)["cloned"], false);
  EXPECT_EQ((*created)["badTemplate"], true);
  EXPECT_THAT((*created)["notCloned"].get<std::string>(), HasSubstr("Not a migration stream"));
}

TEST_F(VmTemplateTest, ATemplateOfSomethingElseIsNotUsed) {
  machine["cpus"] = 2;
  const auto created = clone();
  ASSERT_TRUE(created) << created.error().message;
  EXPECT_EQ((*created)["cloned"], false);
  EXPECT_EQ((*created)["notCloned"], "the template was made from another machine");
}

}  // namespace
}  // namespace bulkhead::qemu::test
