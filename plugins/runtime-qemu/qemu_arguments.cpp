#include "qemu_arguments.hpp"

#include <algorithm>
#include <utility>

#include "bulkhead/json.hpp"

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

// With ACPI the kernel needn't look for devices that aren't there. But without a KVM clock it must
// then be told the TSC's rate, since it finds nothing to measure it against: unknown, so no ACPI.
void add_machine(Arguments& out, Accelerator accelerator, bool virtualization, uint64_t tsc_khz) {
  add(out, {"-nodefaults", "-no-user-config", "-display", "none", "-no-reboot", "-M"});
  const bool acpi = accelerator == Accelerator::kKvm || tsc_khz > 0;
  out.push_back(std::string("microvm,x-option-roms=off,rtc=on,isa-serial=on,acpi=") +
                (acpi ? "on" : "off"));
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

// The image is shared by containers, so nobody locks it; it is never written. The writable disk is
// a sparse file that gives back what the guest discards.
void add_disk(Arguments& out, const char* serial, const std::string& path, bool read_only) {
  add_json(out, "-blockdev",
           {{"node-name", serial},
            {"driver", "raw"},
            {"read-only", read_only},
            {"discard", read_only ? "ignore" : "unmap"},
            {"file",
             {{"driver", "file"}, {"filename", path}, {"locking", read_only ? "off" : "auto"}}}});
  Json device = {{"driver", "virtio-blk-device"}, {"drive", serial}, {"serial", serial}};
  if (read_only) device["opt_io_size"] = kProgramRead;
  add_json(out, "-device", device);
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

std::vector<std::string> qemu_arguments(const Machine& machine, uint64_t tsc_khz) {
  Arguments out;
  add_machine(out, machine.accelerator, machine.virtualization, tsc_khz);
  add_sandbox(out);
  out.emplace_back("-m");
  out.push_back(std::to_string(guest_memory(machine.memory_bytes) / kMiB) + "M");
  out.emplace_back("-smp");
  out.push_back(std::to_string(machine.cpus));
  add_console_and_qmp(out);
  add_socket(out, "agent", kAgentFd);
  add(out, {"-device", "virtio-serial-device", "-device",
            "virtserialport,chardev=agent,name=org.bulkhead.agent"});
  add(out, {"-object", "rng-random,id=rng,filename=/dev/urandom", "-device",
            "virtio-rng-device,rng=rng"});
  add(out, {"-device", "virtio-balloon-device,free-page-reporting=on"});
  add_disk(out, "image", machine.image_disk, true);
  if (!machine.writable_disk.empty()) add_disk(out, "writable", machine.writable_disk, false);
  std::vector<std::string> extra = machine.kernel_args;
  if (!machine.init_disk.empty()) {
    add_disk(out, "init", machine.init_disk, true);
    extra.emplace_back("bulkhead.initdisk=1");
  }
  add_kernel(out, machine.kernel, machine.initramfs,
             kernel_command_line(machine.accelerator, tsc_khz, extra));
  return out;
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
