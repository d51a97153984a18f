#include "qemu_arguments.hpp"

#include <algorithm>
#include <utility>

#include "block_nodes.hpp"
#include "bulkhead/json.hpp"
#include "template_layout.hpp"

namespace bulkhead::qemu {
namespace {

using Arguments = std::vector<std::string>;

constexpr uint64_t kMiB = 1 << 20;

// What the guest itself needs beside the container: kernel and init (measured: 40 MiB, with room to
// breathe), and for each page of memory its descriptor and hash tables (64 bytes of 4096, and half
// as much again).
constexpr uint64_t kGuestOverhead = 64 * kMiB;
constexpr uint64_t kBytesPerByteOfTables = 42;

// The guest's tick (CONFIG_HZ): lpj counts loops per tick, tsc_early_khz per millisecond.
constexpr uint64_t kMillisecondsPerTick = 10;

// Linux reads ahead twice a disk's optimal size. Of a disk that programs are started from it is to
// read much at once: each request is a way through the host, and the host has the file in memory.
constexpr uint64_t kProgramRead = 256 << 10;

constexpr size_t kSlots = 23;  // of 24: what is put into the first one gets no interrupts
constexpr size_t kSlotsWithoutAcpi = 8;
constexpr size_t kSlotOfTheClock = 3;  // interrupt 5 + 3

std::string_view key_of(std::string_view argument) {
  return argument.substr(0, argument.find('='));
}

void add(Arguments& out, std::initializer_list<const char*> words) {
  out.insert(out.end(), words.begin(), words.end());
}

void add_json(Arguments& out, const char* option, const Json& value) {
  out.emplace_back(option);
  out.push_back(dump_json(value));
}

// QEMU's own escape, for the options that take no JSON.
std::string with_commas_doubled(std::string_view text) {
  std::string out;
  for (const char c : text) out.append(c == ',' ? 2 : 1, c);
  return out;
}

// Without a KVM clock the guest must be told the TSC's rate to do without what ACPI leaves out.
bool has_acpi(Accelerator accelerator, uint64_t tsc_khz) {
  return accelerator == Accelerator::kKvm || tsc_khz > 0;
}

// The virtio devices, all in JSON: QEMU makes those that are ordered in words first, whatever the
// order. It gives them their places, from the last one down, as long as every place is good; with
// ACPI that is the order of the guest's bus.
class Devices {
 public:
  Devices(Arguments& out, bool acpi) : out_(out), acpi_(acpi) {}

  void add(Json device) {
    if (!acpi_) device["bus"] = "virtio-mmio-bus." + std::to_string(next_slot());
    add_json(out_, "-device", device);
  }

 private:
  size_t next_slot() {
    if (--slot_ == kSlotOfTheClock) --slot_;
    return slot_;
  }

  Arguments& out_;
  bool acpi_;
  size_t slot_ = kSlotsWithoutAcpi;
};

// Nested virtualization is there for who asks for it. Under emulation two more features are hidden,
// because QEMU is slow at them and software prefers them where they are (string instructions), and
// with svm goes the leaf that tells of it.
void add_processor(Arguments& out, Accelerator accelerator, bool virtualization) {
  if (accelerator == Accelerator::kKvm) {
    return add(out, {"-accel", "kvm", "-cpu", virtualization ? "host" : "host,vmx=off,svm=off"});
  }
  // One thread for all processors: with one each, QEMU 7.2 lets a processor run code that another
  // has replaced, and the kernel replaces its own (1 of 200 starts with four processors ended in an
  // int3 nobody owned, or hung). The starts take as long either way.
  add(out, {"-accel", "tcg,tb-size=64,thread=single", "-cpu"});
  out.emplace_back("max,erms=off,fsrm=off");
  if (!virtualization) out.back() += ",svm=off,xlevel=0x80000008";
}

// The machine's memory is the object "ram", given apart.
constexpr const char* kNamedMemory = ",memory-backend=ram";

// With ACPI the kernel needn't look for devices that aren't there, but neither does it find
// anything to measure the TSC against.
void add_machine(Arguments& out, Accelerator accelerator, bool virtualization, uint64_t tsc_khz,
                 const char* memory = "") {
  add(out, {"-nodefaults", "-no-user-config", "-display", "none", "-no-reboot", "-M"});
  out.push_back(std::string("microvm,x-option-roms=off,rtc=on,isa-serial=on,acpi=") +
                (has_acpi(accelerator, tsc_khz) ? "on" : "off") + memory);
  add_processor(out, accelerator, virtualization);
  add(out, {"-global", "virtio-mmio.force-legacy=false"});
}

void add_socket(Arguments& out, std::string_view id, int fd) {
  out.emplace_back("-chardev");
  out.push_back("socket,id=" + std::string(id) + ",fd=" + std::to_string(fd));
}

void add_console_and_qmp(Arguments& out) {
  add_socket(out, "console", kConsoleFd);
  add(out, {"-serial", "chardev:console"});
  add_socket(out, "qmp", kQmpFd);
  add(out, {"-mon", "chardev=qmp,mode=control"});
}

// The guest escapes into QEMU first: what QEMU never needs after its start, it may not ask the
// kernel for.
void add_sandbox(Arguments& out) {
  add(out, {"-sandbox", "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny"});
}

void add_disk(Arguments& out, Devices& devices, const char* serial, const std::string& path,
              bool read_only) {
  add_json(out, "-blockdev", block_node({serial, read_only, false}, file_below(path, !read_only)));
  Json device = {{"driver", "virtio-blk-device"}, {"drive", serial}, {"serial", serial}};
  if (read_only) device["opt_io_size"] = kProgramRead;
  devices.add(std::move(device));
}

void add_volume(Arguments& out, Devices& devices, const std::string& node, const Disk& disk) {
  add_json(out, "-blockdev",
           block_node({node, disk.read_only, !disk.read_only}, file_below(disk.path, true)));
  devices.add({{"driver", "virtio-blk-device"}, {"drive", node}, {"serial", disk.serial}});
}

// No security model: what the guest's root creates belongs to the user whose QEMU this is, and
// everything has on the host the mode that it has in the guest. Two file systems below one folder
// have files of the same number, so numbers are mapped.
void add_share(Arguments& out, Devices& devices, const std::string& id, const Share& share) {
  out.emplace_back("-fsdev");
  out.push_back("local,id=" + id + ",path=" + with_commas_doubled(share.path) +
                ",security_model=none,multidevs=remap" + (share.read_only ? ",readonly=on" : ""));
  devices.add({{"driver", "virtio-9p-device"}, {"fsdev", id}, {"mount_tag", share.tag}});
}

// The folder's server reads requests and writes answers in the guest's own memory. A ring of 1024
// has room for the longest request of its protocol, 256 pages.
void add_virtiofs(Arguments& out, Devices& devices, const std::string& id, int fd,
                  const Share& share) {
  add_socket(out, id, fd);
  devices.add({{"driver", "vhost-user-fs-device"},
               {"chardev", id},
               {"tag", share.tag},
               {"queue-size", 1024}});
}

bool has_virtiofs(const Machine& machine) {
  return std::any_of(machine.shares.begin(), machine.shares.end(),
                     [](const Share& share) { return share.virtiofs; });
}

// Only where another process works in it: private memory is cheaper to fill.
void add_shared_memory(Arguments& out, const Machine& machine) {
  out.emplace_back("-object");
  out.push_back("memory-backend-memfd,id=ram,share=on,size=" +
                std::to_string(guest_memory(machine.memory_bytes) / kMiB) + "M");
}

void add_network(Arguments& out, Devices& devices, const std::string& id, int fd,
                 const std::string& mac) {
  out.emplace_back("-netdev");
  out.push_back("dgram,id=" + id + ",local.type=fd,local.str=" + std::to_string(fd));
  devices.add({{"driver", "virtio-net-device"}, {"netdev", id}, {"mac", mac}});
}

void add_networks_and_mounts(Arguments& out, Devices& devices, const Machine& machine) {
  for (size_t i = 0; i < machine.networks.size(); ++i) {
    add_network(out, devices, "net" + std::to_string(i), kFirstNetworkFd + static_cast<int>(i),
                machine.networks[i].mac);
  }
  for (size_t i = 0; i < machine.disks.size(); ++i) {
    add_volume(out, devices, "disk" + std::to_string(i), machine.disks[i]);
  }
  int fd = kFirstNetworkFd + static_cast<int>(machine.networks.size());
  for (size_t i = 0; i < machine.shares.size(); ++i) {
    const std::string id = "share" + std::to_string(i);
    if (machine.shares[i].virtiofs) {
      add_virtiofs(out, devices, id, fd++, machine.shares[i]);
    } else {
      add_share(out, devices, id, machine.shares[i]);
    }
  }
}

void add_size(Arguments& out, uint64_t memory_bytes, unsigned cpus) {
  out.emplace_back("-m");
  out.push_back(std::to_string(guest_memory(memory_bytes) / kMiB) + "M");
  out.emplace_back("-smp");
  out.push_back(std::to_string(cpus));
}

// What every machine has.
void add_constant_devices(Arguments& out, Devices& devices) {
  add_console_and_qmp(out);
  add_socket(out, "agent", kAgentFd);
  devices.add({{"driver", "virtio-serial-device"}});
  add_json(out, "-device",
           {{"driver", "virtserialport"}, {"chardev", "agent"}, {"name", "org.bulkhead.agent"}});
  add(out, {"-object", "rng-random,id=rng,filename=/dev/urandom"});
  devices.add({{"driver", "virtio-rng-device"}, {"rng", "rng"}});
  devices.add({{"driver", "virtio-balloon-device"}, {"free-page-reporting", true}});
}

// Placeholders: nothing behind them, and without driver in the guest.
void add_no_disk(Arguments& out, Devices& devices, const std::string& node,
                 const std::string& serial) {
  add_json(out, "-blockdev", block_node({node, false, false}, nothing_below()));
  devices.add({{"driver", "virtio-blk-device"}, {"drive", node}, {"serial", serial}});
}

void add_no_share(Arguments& out, Devices& devices, const std::string& id) {
  out.emplace_back("-fsdev");
  out.push_back("synth,id=" + id + ",readonly=on");
  devices.add({{"driver", "virtio-9p-device"}, {"fsdev", id}, {"mount_tag", id}});
}

void add_kernel(Arguments& out, const std::string& kernel, const std::string& initramfs,
                std::string command_line) {
  add(out, {"-kernel"});
  out.push_back(kernel);
  add(out, {"-initrd"});
  out.push_back(initramfs);
  add(out, {"-append"});
  out.push_back(std::move(command_line));
}

}  // namespace

uint64_t guest_memory(uint64_t container_bytes) {
  const uint64_t all = container_bytes + kGuestOverhead + container_bytes / kBytesPerByteOfTables;
  return (all + kMiB - 1) / kMiB * kMiB;
}

// reboot=t: a triple fault is the quickest way out, and -no-reboot turns it into QEMU's exit.
std::string kernel_command_line(Accelerator accelerator, uint64_t tsc_khz,
                                const std::vector<std::string>& extra) {
  Arguments defaults = {"console=ttyS0", "quiet", "reboot=t", "panic=-1"};
  if (accelerator == Accelerator::kTcg) {
    // Emulation's counter is the host's own and needn't be doubted; its lock prefixes may stay.
    add(defaults, {"tsc=reliable", "noreplace-smp"});
    if (tsc_khz > 0) {
      defaults.push_back("tsc_early_khz=" + std::to_string(tsc_khz));
      defaults.push_back("lpj=" + std::to_string(tsc_khz * kMillisecondsPerTick));
    } else {
      defaults.emplace_back("no_timer_check");
    }
  }
  std::erase_if(defaults, [&](const std::string& argument) {
    return std::any_of(extra.begin(), extra.end(),
                       [&](const std::string& given) { return key_of(given) == key_of(argument); });
  });
  std::string line;
  for (const Arguments* part : {&std::as_const(defaults), &extra}) {
    for (const std::string& argument : *part) line += (line.empty() ? "" : " ") + argument;
  }
  return line;
}

// Serial port, entropy, balloon and image are always there.
Status check_room(const Machine& machine, uint64_t tsc_khz) {
  const bool acpi = has_acpi(machine.accelerator, tsc_khz);
  const size_t room = acpi ? kSlots : kSlotsWithoutAcpi - 1;
  const size_t own =
      4 + (machine.writable_disk.empty() ? 0 : 1) + (machine.init_disk.empty() ? 0 : 1);
  const size_t extra = machine.networks.size() + machine.disks.size() + machine.shares.size();
  if (own + extra <= room) return {};
  return fail(Code::kInvalid,
              std::to_string(extra) + " networks, volumes and folders are more than the " +
                  std::to_string(room - own) + " for which the virtual machine has room",
              "mount a folder that holds several of them");
}

std::vector<std::string> qemu_arguments(const Machine& machine, uint64_t tsc_khz) {
  Arguments out;
  add_machine(out, machine.accelerator, machine.virtualization, tsc_khz,
              has_virtiofs(machine) ? kNamedMemory : "");
  add_sandbox(out);
  if (has_virtiofs(machine)) add_shared_memory(out, machine);
  add_size(out, machine.memory_bytes, machine.cpus);
  Devices devices(out, has_acpi(machine.accelerator, tsc_khz));
  add_constant_devices(out, devices);
  add_disk(out, devices, "image", machine.image_disk, true);
  if (!machine.writable_disk.empty()) {
    add_disk(out, devices, "writable", machine.writable_disk, false);
  }
  std::vector<std::string> extra = machine.kernel_args;
  if (!machine.init_disk.empty()) {
    add_disk(out, devices, "init", machine.init_disk, true);
    extra.emplace_back("bulkhead.initdisk=1");
  }
  add_networks_and_mounts(out, devices, machine);
  add_kernel(out, machine.kernel, machine.initramfs,
             kernel_command_line(machine.accelerator, tsc_khz, extra));
  return out;
}

namespace {

// A template (`machine` is null) or a clone of it: the same devices at the same places.
std::vector<std::string> laid_out(const Machine& shape, const Machine* machine, uint64_t tsc_khz) {
  Arguments out;
  add_machine(out, shape.accelerator, shape.virtualization, tsc_khz, kNamedMemory);
  add_sandbox(out);
  add(out, {"-object"});
  out.push_back(
      "memory-backend-file,id=ram,size=" + std::to_string(guest_memory(shape.memory_bytes) / kMiB) +
      "M,mem-path=/proc/self/fd/" + std::to_string(kRamFd) +
      (machine ? ",share=off" : ",share=on"));
  add_size(out, shape.memory_bytes, shape.cpus);
  Devices devices(out, true);
  add_constant_devices(out, devices);
  machine ? add_disk(out, devices, "image", machine->image_disk, true)
          : add_no_disk(out, devices, "image", "image");
  machine && !machine->writable_disk.empty()
      ? add_disk(out, devices, "writable", machine->writable_disk, false)
      : add_no_disk(out, devices, "writable", "writable");
  for (size_t i = 0; i < kTemplateCards; ++i) {
    add_network(out, devices, "net" + std::to_string(i), kFirstNetworkFd + static_cast<int>(i),
                placeholder_mac(i));
  }
  for (size_t i = 0; i < kTemplateDisks; ++i) {
    const std::string node = "disk" + std::to_string(i);
    machine&& i < machine->disks.size() ? add_volume(out, devices, node, machine->disks[i])
                                        : add_no_disk(out, devices, node, parked_serial(i));
  }
  for (size_t i = 0; i < kTemplateShares; ++i) {
    const std::string id = "share" + std::to_string(i);
    machine&& i < machine->shares.size() ? add_share(out, devices, id, machine->shares[i])
                                         : add_no_share(out, devices, id);
  }
  std::vector<std::string> extra = shape.kernel_args;
  extra.emplace_back("bulkhead.template=1");
  add_kernel(out, shape.kernel, shape.initramfs,
             kernel_command_line(shape.accelerator, tsc_khz, extra));
  if (machine) add(out, {"-incoming", "defer"});
  return out;
}

}  // namespace

std::vector<std::string> template_arguments(const Machine& shape, uint64_t tsc_khz) {
  return laid_out(shape, nullptr, tsc_khz);
}

std::vector<std::string> clone_arguments(const Machine& machine, uint64_t tsc_khz) {
  return laid_out(shape_of(machine), &machine, tsc_khz);
}

std::vector<std::string> probe_arguments(const std::string& kernel, const std::string& initramfs) {
  Arguments out;
  add_machine(out, Accelerator::kKvm, false, 0);
  add_sandbox(out);
  add(out, {"-m", "128M", "-smp", "1"});
  add_console_and_qmp(out);
  add_kernel(out, kernel, initramfs,
             kernel_command_line(Accelerator::kKvm, 0, {"bulkhead.probe=1"}));
  return out;
}

}  // namespace bulkhead::qemu
