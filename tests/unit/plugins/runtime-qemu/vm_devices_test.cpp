// Networks, volumes, folders and memory of a real machine, looked at from inside with nothing but a
// shell: what the guest's init makes of them is its own tests' business.
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>

#include <chrono>
#include <fstream>
#include <sstream>
#include <thread>

#include "vm_fixture.hpp"

namespace bulkhead::qemu::test {
namespace {

using testing::HasSubstr;

struct Link {
  UniqueFd vm, host;
};

Link make_link() {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) std::abort();
  const timeval patience{100, 0};
  ::setsockopt(ends[1], SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  return {UniqueFd(ends[0]), UniqueFd(ends[1])};
}

struct VmDevicesTest : VmTest {
  std::vector<Link> links;
  Json machine = create_body(materials().kernel)["machine"];
  size_t execs = 0;

  void add_networks(size_t count) {
    for (size_t i = 0; i < count; ++i) {
      links.push_back(make_link());
      machine["networks"].push_back(
          {{"network", "n" + std::to_string(i)}, {"mac", "f2:62:00:00:00:0" + std::to_string(i)}});
    }
  }
  fs::path add_folder(const std::string& tag, bool read_only = false) {
    const fs::path folder = dir / ("folder, of " + tag);
    fs::create_directories(folder);
    machine["shareTransport"] = "9p";  // which a command in the guest can mount
    machine["shares"].push_back({{"tag", tag}, {"path", folder}, {"readOnly", read_only}});
    return folder;
  }
  fs::path add_disk(const std::string& serial, bool read_only = false) {
    const fs::path disk = dir / (serial + ".img");
    if (!fs::exists(disk)) std::ofstream(disk).close();
    fs::resize_file(disk, 8 << 20);
    machine["disks"].push_back({{"serial", serial}, {"path", disk}, {"readOnly", read_only}});
    return disk;
  }
  Result<Json> boot() {
    std::vector<UniqueFd> fds;
    for (Link& link : links) {
      fds.push_back(std::move(link.vm));
      fds.emplace_back(::dup(link.host.get()));
    }
    Json body = create_body(materials().kernel);
    body["machine"] = machine;
    return host.wait(host.submit(*plugin, "runtime.create", std::move(body), std::move(fds)));
  }
  void run() {
    const auto booted = boot();
    ASSERT_TRUE(booted) << booted.error().message;
    start({"sleep", "1000"});
  }
  // What a shell that may do anything prints, and its complaints.
  std::string shell(const std::string& script) {
    AttachClient client;
    const auto started =
        call("exec",
             {{"exec", "e" + std::to_string(execs++)},
              {"process", process_json({"sh", "-c", script}, false,
                                       {"CAP_SYS_ADMIN", "CAP_MKNOD", "CAP_CHOWN", "CAP_NET_ADMIN",
                                        "CAP_NET_RAW", "CAP_DAC_OVERRIDE", "CAP_FOWNER"})},
              {"attach", true},
              {"stdin", true}},
             client.take_far_end());
    EXPECT_TRUE(started) << started.error().message;
    const auto all = client.read_all();
    return all.out + all.err;
  }
};

uint64_t resident_kib(pid_t pid) {
  std::ifstream status("/proc/" + std::to_string(pid) + "/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmRSS:")) return std::stoull(line.substr(6));
  }
  return 0;
}

TEST_F(VmDevicesTest, FindsEveryDeviceOfAFullMachine) {
  add_networks(4);
  for (int i = 0; i < 6; ++i) add_disk("volume-" + std::to_string(i));
  for (int i = 0; i < 8; ++i) add_folder("folder-" + std::to_string(i));
  run();
  const std::string cards = shell("busybox cat /sys/class/net/*/address");
  for (int i = 0; i < 4; ++i) EXPECT_THAT(cards, HasSubstr("f2:62:00:00:00:0" + std::to_string(i)));
  const std::string disks = shell("busybox cat /sys/block/vd*/serial");
  for (int i = 0; i < 6; ++i) EXPECT_THAT(disks, HasSubstr("volume-" + std::to_string(i)));
  const std::string tags = shell(
      "for t in /sys/bus/virtio/drivers/9pnet_virtio/virtio*/mount_tag; do "
      "busybox head -c 20 $t; echo; done");
  for (int i = 0; i < 8; ++i) EXPECT_THAT(tags, HasSubstr("folder-" + std::to_string(i)));
}

TEST_F(VmDevicesTest, SharesAFolderInBothDirections) {
  const fs::path folder = add_folder("src");
  const fs::path sealed = add_folder("sealed", true);
  std::ofstream(folder / "from-host") << "hello";
  std::ofstream(sealed / "there") << "as it was";
  run();
  const std::string mount =
      "busybox mount -t 9p -o trans=virtio,version=9p2000.L,msize=512000,cache=mmap ";
  EXPECT_EQ(shell(mount + "src /tmp && cat /tmp/from-host"), "hello");
  EXPECT_EQ(
      shell("echo back >/tmp/from-guest; busybox mkdir -p /tmp/a/b; busybox ln -s a/b /tmp/l"), "");
  std::string text;
  std::getline(std::ifstream(folder / "from-guest"), text);
  EXPECT_EQ(text, "back");
  struct stat status = {};
  ASSERT_EQ(::stat((folder / "from-guest").c_str(), &status), 0);
  EXPECT_EQ(status.st_uid, ::geteuid());
  EXPECT_EQ(fs::read_symlink(folder / "l"), "a/b");
  EXPECT_THAT(
      shell("busybox umount /tmp; " + mount + "sealed /tmp; cat /tmp/there; echo x >/tmp/x"),
      HasSubstr("as it was"));
  EXPECT_FALSE(fs::exists(sealed / "x"));
}

TEST_F(VmDevicesTest, ZerosOfAVolumeTakeNoSpace) {
  const fs::path disk = add_disk("volume");
  run();
  const std::string found = shell(
      "for d in /sys/block/vd*; do read s <$d/serial; if [ $s = volume ]; then "
      "IFS=: read a b <$d/dev; busybox mknod /tmp/v b $a $b; fi; done; "
      "busybox dd if=/dev/urandom of=/tmp/v bs=1M count=8 conv=fsync 2>&1");
  EXPECT_THAT(found, HasSubstr("8+0 records out"));
  struct stat status = {};
  ASSERT_EQ(::stat(disk.c_str(), &status), 0);
  EXPECT_GE(status.st_blocks * 512, 8 << 20);
  shell("busybox dd if=/dev/zero of=/tmp/v bs=1M count=8 conv=fsync");
  ASSERT_EQ(::stat(disk.c_str(), &status), 0);
  EXPECT_LT(status.st_blocks * 512, 1 << 20);
}

TEST_F(VmDevicesTest, LetsNoSecondWriterAtAVolume) {
  add_disk("volume");
  ASSERT_TRUE(boot());
  TestHost second_host;
  RuntimePlugin second(second_host.host());
  const fs::path second_dir = dir / "second";
  fs::create_directories(second_dir);
  ASSERT_TRUE(second.start(
      {{"container", "other"}, {"runDir", second_dir.string()}, {"logDir", second_dir.string()}}));
  Json body = create_body(materials().kernel);
  body["machine"] = machine;
  const auto refused = second_host.call(second, "runtime.create", body);
  second.stop();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::kConflict);
  EXPECT_THAT(refused.error().message,
              HasSubstr("volume.img is in use by another virtual machine"));
}

// A switch that is gone, or doesn't read: the machine goes on, and what it sends waits.
TEST_F(VmDevicesTest, OutlivesASwitchThatDoesNotRead) {
  add_networks(1);
  run();
  EXPECT_EQ(shell("busybox ip link set dev eth0 mtu 65520 up; "
                  "busybox ip addr add 10.0.0.1/24 dev eth0; "
                  "busybox arp -s 10.0.0.2 f2:62:00:00:00:99"),
            "");
  // More than the link and the card hold together.
  const std::string flood =
      "for i in 1 2 3 4 5 6 7 8; do busybox ping -q -c 100 -i 0.01 -s 60000 10.0.0.2 "
      "</dev/null >/dev/null 2>&1 & done; sleep 2; echo alive";
  EXPECT_EQ(shell(flood), "alive\n");
  links[0].host.reset();  // the switch is gone; the runtime's duplicate keeps the link
  EXPECT_EQ(shell(flood), "alive\n");
  EXPECT_TRUE(call("stats"));

  const bh_op op = host.submit(*plugin, "runtime.links", Json::object());
  ASSERT_TRUE(host.wait(op));
  const auto kept = host.take_fds(op);
  ASSERT_EQ(kept.size(), 1u);
  std::thread sender([&] { shell("busybox ping -c 1 -s 777 -W 1 10.0.0.2"); });
  std::vector<char> frame(70'000);
  size_t large = 0;
  bool marked = false;
  while (!marked) {
    const ssize_t n = ::recv(kept[0].get(), frame.data(), frame.size(), 0);
    if (n <= 0) break;
    large += n == 14 + 20 + 8 + 60'000;
    marked = n == 14 + 20 + 8 + 777;
  }
  sender.join();
  EXPECT_GT(large, 2u) << "a frame of the network's full size passes in one piece";
  EXPECT_TRUE(marked) << "what is sent after the switch was replaced arrives";
}

TEST_F(VmDevicesTest, GivesMemoryBackThatTheContainerNoLongerUses) {
  machine["memoryBytes"] = 256 << 20;
  run();
  const auto qemu = (*call("inspect"))["pid"].get<pid_t>();
  const uint64_t before = resident_kib(qemu);
  shell(
      "busybox mount -t tmpfs -o size=200m tmpfs /tmp; "
      "busybox dd if=/dev/urandom of=/tmp/f bs=1M count=150");
  const uint64_t used = resident_kib(qemu);
  EXPECT_GT(used, before + (100 << 10));
  shell("busybox rm /tmp/f");
  uint64_t after = used;
  for (int i = 0; i < 600 && after > before + (40 << 10); ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    after = resident_kib(qemu);
  }
  EXPECT_LT(after, before + (40 << 10)) << "before " << before << ", used " << used;
}

}  // namespace
}  // namespace bulkhead::qemu::test
