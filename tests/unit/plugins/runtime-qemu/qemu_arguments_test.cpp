#include "qemu_arguments.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <sstream>

namespace bulkhead::qemu {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr uint64_t kTsc = 2'300'000;

Machine web() {
  Machine machine;
  machine.cpus = 2;
  machine.memory_bytes = 256 << 20;
  machine.kernel = "/k/vmlinux";
  machine.initramfs = "/k/initramfs";
  machine.image_disk = "/disks/a.ext4";
  machine.writable_disk = "/containers/web/writable.ext4";
  return machine;
}

// The value after an option; the n-th of several.
std::string value(const std::vector<std::string>& arguments, const std::string& option,
                  int nth = 0) {
  for (size_t i = 0; i + 1 < arguments.size(); ++i) {
    if (arguments[i] == option && nth-- == 0) return arguments[i + 1];
  }
  return "(none)";
}

nlohmann::json disk(const std::vector<std::string>& arguments, const std::string& name) {
  for (int i = 0;; ++i) {
    const std::string text = value(arguments, "-blockdev", i);
    if (text == "(none)") return nullptr;
    auto parsed = nlohmann::json::parse(text);
    if (parsed["node-name"] == name) return parsed;
  }
}

TEST(QemuArguments, OrdersCpusAndMemoryWithTheGuestsOwnShareOnTop) {
  const auto arguments = qemu_arguments(web(), kTsc);
  EXPECT_EQ(value(arguments, "-smp"), "2");
  EXPECT_EQ(value(arguments, "-m"), std::to_string(guest_memory(256 << 20) >> 20) + "M");
  EXPECT_GT(guest_memory(256 << 20), 256u << 20);
}

TEST(QemuArguments, RoundsMemoryUpToWholeMebibytes) {
  for (const uint64_t bytes : {100 << 20, (100 << 20) + 1, 123'456'789}) {
    EXPECT_EQ(guest_memory(bytes) % (1 << 20), 0u);
    EXPECT_GT(guest_memory(bytes), bytes);
  }
}

TEST(QemuArguments, NamesTheAcceleratorItWasToldToUse) {
  Machine machine = web();
  EXPECT_THAT(value(qemu_arguments(machine, kTsc), "-accel"), HasSubstr("tcg"));
  EXPECT_THAT(value(qemu_arguments(machine, kTsc), "-cpu"), HasSubstr("max"));
  machine.accelerator = Accelerator::kKvm;
  EXPECT_EQ(value(qemu_arguments(machine, kTsc), "-accel"), "kvm");
  EXPECT_THAT(value(qemu_arguments(machine, kTsc), "-cpu"), HasSubstr("host"));
}

TEST(QemuArguments, TakesTheInitFromADiskIfThereIsOne) {
  Machine machine = web();
  EXPECT_EQ(disk(qemu_arguments(machine, kTsc), "init"), nullptr);
  machine.init_disk = "/disks/init.ext4";
  EXPECT_EQ(disk(qemu_arguments(machine, kTsc), "init")["read-only"], true);
  EXPECT_THAT(value(qemu_arguments(machine, kTsc), "-append"), HasSubstr("bulkhead.initdisk=1"));
}

TEST(QemuArguments, LeavesRoomForThePageTablesOfALargeMachine) {
  const uint64_t large = uint64_t{64} << 30;
  EXPECT_GT(guest_memory(large) - large, large / 64 + (64 << 20));
}

TEST(QemuArguments, SharesTheImageReadOnlyAndUnlocked) {
  const auto image = disk(qemu_arguments(web(), kTsc), "image");
  EXPECT_EQ(image["read-only"], true);
  EXPECT_EQ(image["file"]["locking"], "off");
  EXPECT_EQ(image["file"]["filename"], "/disks/a.ext4");
}

// What the guest reads ahead, as its kernel derives it from the device.
TEST(QemuArguments, HasThePiecesOfProgramsReadInOne) {
  const auto arguments = qemu_arguments(web(), kTsc);
  int disks = 0;
  for (const std::string& argument : arguments) {
    if (argument.find("virtio-blk-device") == std::string::npos) continue;
    const auto device = nlohmann::json::parse(argument);
    EXPECT_EQ(device.contains("opt_io_size"), device["serial"] == "image") << argument;
    ++disks;
  }
  EXPECT_EQ(disks, 2);
}

TEST(QemuArguments, GivesTheWritableDiskDiscard) {
  const auto writable = disk(qemu_arguments(web(), kTsc), "writable");
  EXPECT_EQ(writable["read-only"], false);
  EXPECT_EQ(writable["discard"], "unmap");
}

TEST(QemuArguments, LeavesTheWritableDiskOutIfThereIsNone) {
  Machine machine = web();
  machine.writable_disk.clear();
  EXPECT_EQ(disk(qemu_arguments(machine, kTsc), "writable"), nullptr);
}

TEST(QemuArguments, TakesACommaInAPathAsACharacter) {
  Machine machine = web();
  machine.image_disk = "/disks/a,readonly=off,file.filename=/etc/shadow";
  const auto arguments = qemu_arguments(machine, kTsc);
  EXPECT_EQ(disk(arguments, "image")["file"]["filename"], machine.image_disk);
}

// All virtio devices, or those of a driver. QEMU makes devices that are ordered in words first, and
// so all must be in JSON.
std::vector<nlohmann::json> devices(const std::vector<std::string>& arguments,
                                    const std::string& driver) {
  std::vector<nlohmann::json> out;
  for (int i = 0;; ++i) {
    const std::string text = value(arguments, "-device", i);
    if (text == "(none)") return out;
    auto parsed = nlohmann::json::parse(text);
    const bool virtio = parsed["driver"].get<std::string>().starts_with("virtio-");
    if (driver.empty() ? virtio : parsed["driver"] == driver) out.push_back(std::move(parsed));
  }
}

TEST(QemuArguments, ReadsEachNetworkFromItsOwnDescriptor) {
  Machine machine = web();
  machine.networks = {{"default", "f2:62:00:00:00:01"}, {"other", "f2:62:00:00:00:02"}};
  const auto arguments = qemu_arguments(machine, kTsc);
  EXPECT_EQ(value(arguments, "-netdev", 0), "dgram,id=net0,local.type=fd,local.str=6");
  EXPECT_EQ(value(arguments, "-netdev", 1), "dgram,id=net1,local.type=fd,local.str=7");
  const auto cards = devices(arguments, "virtio-net-device");
  ASSERT_EQ(cards.size(), 2u);
  EXPECT_EQ(cards[1]["netdev"], "net1");
  EXPECT_EQ(cards[1]["mac"], "f2:62:00:00:00:02");
}

TEST(QemuArguments, LocksVolumesAndLetsThemGiveSpaceBack) {
  Machine machine = web();
  machine.disks = {{"vol-db", "/v/db.ext4", false}, {"vol-ro", "/v/a,b.ext4", true}};
  const auto arguments = qemu_arguments(machine, kTsc);
  const auto written = disk(arguments, "disk0");
  EXPECT_EQ(written["discard"], "unmap");
  EXPECT_EQ(written["detect-zeroes"], "unmap");
  EXPECT_EQ(written["read-only"], false);
  const auto read = disk(arguments, "disk1");
  EXPECT_EQ(read["read-only"], true);
  EXPECT_EQ(read["file"]["filename"], "/v/a,b.ext4");
  for (const auto& volume : {written, read}) EXPECT_EQ(volume["file"]["locking"], "auto");
  EXPECT_EQ(devices(arguments, "virtio-blk-device").back()["serial"], "vol-ro");
}

TEST(QemuArguments, SharesFoldersAsTheUserItRunsAs) {
  Machine machine = web();
  machine.shares = {{"src", "/home/u/a,readonly=off", true}, {"out", "/out", false}};
  const auto arguments = qemu_arguments(machine, kTsc);
  EXPECT_EQ(value(arguments, "-fsdev", 0),
            "local,id=share0,path=/home/u/a,,readonly=off,security_model=none,multidevs=remap,"
            "readonly=on");
  EXPECT_EQ(value(arguments, "-fsdev", 1),
            "local,id=share1,path=/out,security_model=none,multidevs=remap");
  const auto shares = devices(arguments, "virtio-9p-device");
  ASSERT_EQ(shares.size(), 2u);
  EXPECT_EQ(shares[0]["mount_tag"], "src");
  EXPECT_EQ(shares[0]["fsdev"], "share0");
}

Machine full(size_t networks, size_t mounts) {
  Machine machine = web();
  machine.init_disk = "/disks/init.ext4";
  for (size_t i = 0; i < networks; ++i) machine.networks.push_back({"n", "f2:62:00:00:00:01"});
  for (size_t i = 0; i < mounts; ++i) machine.shares.push_back({"t", "/s", false});
  return machine;
}

TEST(QemuArguments, HasRoomForFourNetworksAndADozenMounts) {
  EXPECT_TRUE(check_room(full(4, 12), kTsc));
  EXPECT_TRUE(check_room(full(4, 13), kTsc));
  EXPECT_EQ(devices(qemu_arguments(full(4, 13), kTsc), "").size(), 23u);
  const auto refused = check_room(full(4, 14), kTsc);
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("18 networks, volumes and folders"));
  EXPECT_THAT(refused.error().message, HasSubstr("17"));
}

// There the clock has the interrupt of the fourth place.
TEST(QemuArguments, KeepsOffTheClockWithoutAcpi) {
  EXPECT_TRUE(check_room(full(1, 0), 0));
  EXPECT_FALSE(check_room(full(1, 1), 0));
  std::vector<std::string> buses;
  for (const auto& device : devices(qemu_arguments(full(1, 0), 0), "")) {
    buses.push_back(device["bus"]);
  }
  EXPECT_THAT(buses,
              testing::ElementsAre("virtio-mmio-bus.7", "virtio-mmio-bus.6", "virtio-mmio-bus.5",
                                   "virtio-mmio-bus.4", "virtio-mmio-bus.2", "virtio-mmio-bus.1",
                                   "virtio-mmio-bus.0"));
  for (const auto& device : devices(qemu_arguments(full(1, 0), kTsc), "")) {
    EXPECT_FALSE(device.contains("bus")) << device;
  }
}

TEST(QemuArguments, ConnectsTheThreeChannelsToInheritedDescriptors) {
  const auto arguments = qemu_arguments(web(), kTsc);
  std::vector<std::string> channels;
  for (int i = 0; i < 3; ++i) channels.push_back(value(arguments, "-chardev", i));
  EXPECT_THAT(channels, testing::UnorderedElementsAre("socket,id=agent,fd=3", "socket,id=qmp,fd=4",
                                                      "socket,id=console,fd=5"));
}

TEST(QemuArguments, DeniesQemuWhatItNeverNeeds) {
  const std::string sandbox = value(qemu_arguments(web(), kTsc), "-sandbox");
  EXPECT_THAT(sandbox, HasSubstr("spawn=deny"));
  EXPECT_THAT(sandbox, HasSubstr("elevateprivileges=deny"));
}

TEST(QemuArguments, HidesNestedVirtualizationUnlessItIsAskedFor) {
  Machine machine = web();
  EXPECT_THAT(value(qemu_arguments(machine, kTsc), "-cpu"), HasSubstr("svm=off"));
  machine.virtualization = true;
  EXPECT_THAT(value(qemu_arguments(machine, kTsc), "-cpu"), Not(HasSubstr("svm=off")));
  machine.accelerator = Accelerator::kKvm;
  EXPECT_EQ(value(qemu_arguments(machine, kTsc), "-cpu"), "host");
  machine.virtualization = false;
  EXPECT_EQ(value(qemu_arguments(machine, kTsc), "-cpu"), "host,vmx=off,svm=off");
}

TEST(QemuArguments, HasAcpiOnlyIfTheGuestCanKnowTheTime) {
  EXPECT_THAT(value(qemu_arguments(web(), kTsc), "-M"), HasSubstr("acpi=on"));
  EXPECT_THAT(value(qemu_arguments(web(), 0), "-M"), HasSubstr("acpi=off"));
  Machine kvm = web();
  kvm.accelerator = Accelerator::kKvm;
  EXPECT_THAT(value(qemu_arguments(kvm, 0), "-M"), HasSubstr("acpi=on"));
}

TEST(KernelCommandLine, TellsTheRateOfTheCounterUnderEmulation) {
  const std::string line = kernel_command_line(Accelerator::kTcg, kTsc, {});
  EXPECT_THAT(line, HasSubstr("tsc_early_khz=2300000"));
  EXPECT_THAT(line, HasSubstr("lpj=23000000"));
  EXPECT_THAT(kernel_command_line(Accelerator::kKvm, kTsc, {}), Not(HasSubstr("tsc")));
  EXPECT_THAT(kernel_command_line(Accelerator::kTcg, 0, {}), Not(HasSubstr("tsc_early_khz")));
}

TEST(KernelCommandLine, AppendsExtraArguments) {
  EXPECT_THAT(kernel_command_line(Accelerator::kTcg, kTsc, {"debug"}), testing::EndsWith(" debug"));
}

TEST(KernelCommandLine, LetsAnExtraArgumentReplaceADefault) {
  const std::string line = kernel_command_line(Accelerator::kTcg, kTsc, {"panic=5"});
  EXPECT_THAT(line, HasSubstr("panic=5"));
  EXPECT_THAT(line, Not(HasSubstr("panic=-1")));
}

TEST(ProbeArguments, BootsTheRealKernelUnderKvmWithoutDisks) {
  const auto arguments = probe_arguments("/k/vmlinux", "/k/initramfs");
  EXPECT_EQ(value(arguments, "-accel"), "kvm");
  EXPECT_EQ(value(arguments, "-kernel"), "/k/vmlinux");
  EXPECT_THAT(value(arguments, "-append"), HasSubstr("bulkhead.probe=1"));
  EXPECT_EQ(value(arguments, "-blockdev"), "(none)");
}

}  // namespace
}  // namespace bulkhead::qemu
