#include "template_layout.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <sstream>

#include "qemu_arguments.hpp"

namespace bulkhead::qemu {
namespace {

// Stands for whatever rate was measured.
constexpr uint64_t kAnyRate = 1;

std::string found_in_path(const std::string& binary) {
  if (binary.find('/') != std::string::npos) return binary;
  const char* path = std::getenv("PATH");
  std::istringstream places(path ? path : "/usr/bin:/bin");
  for (std::string place; std::getline(places, place, ':');) {
    std::string file = place + "/" + binary;
    if (::access(file.c_str(), X_OK) == 0) return file;
  }
  return binary;
}

constexpr size_t kLongestFrame = 1 << 16;

// What identifies a file without reading it.
std::string identity(const std::string& path) {
  struct stat found {};
  if (::stat(path.c_str(), &found) != 0) return path + ": absent";
  return path + ":" + std::to_string(found.st_size) + ":" + std::to_string(found.st_mtim.tv_sec) +
         "." + std::to_string(found.st_mtim.tv_nsec);
}

Failure too_many(size_t number, const char* what, size_t room) {
  return fail(Code::kUnsupported, std::to_string(number) + " " + what +
                                      " are more than a template's " + std::to_string(room));
}

}  // namespace

std::string placeholder_mac(size_t k) {
  return "02:62:68:00:00:0" + std::to_string(k);
}

std::string parked_serial(size_t k) {
  return "volume" + std::to_string(k);
}

Machine shape_of(const Machine& machine) {
  Machine shape;
  shape.accelerator = machine.accelerator;
  shape.cpus = machine.from ? machine.from->cpus : machine.cpus;
  shape.memory_bytes = machine.from ? machine.from->memory_bytes : machine.memory_bytes;
  shape.kernel = machine.kernel;
  shape.initramfs = machine.initramfs;
  shape.kernel_args = machine.kernel_args;
  shape.virtualization = machine.virtualization;
  return shape;
}

std::string recipe_of(const Machine& shape, const std::string& binary) {
  std::string recipe = identity(found_in_path(binary)) + "\n" + identity(shape.kernel) + "\n" +
                       identity(shape.initramfs);
  for (const std::string& argument : template_arguments(shape, kAnyRate)) recipe += "\n" + argument;
  return recipe;
}

Result<Cables> cables(size_t number) {
  Cables made;
  while (made.vm_ends.size() < number) {
    int pair[2];
    if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0)
      return fail_errno("make a socket pair", errno);
    made.vm_ends.emplace_back(pair[0]);
    made.switch_ends.emplace_back(pair[1]);
  }
  return made;
}

Result<std::vector<UniqueFd>> loose_cables(size_t number) {
  auto made = cables(number);
  if (!made) return fail(std::move(made.error()));
  return std::move(made->vm_ends);
}

void drain(const UniqueFd& switch_end) {
  std::string frame(kLongestFrame, '\0');
  while (::recv(switch_end.get(), frame.data(), frame.size(), MSG_DONTWAIT) > 0) {
  }
}

std::vector<std::pair<int, int>> cards(const std::vector<UniqueFd>& ends, size_t first) {
  std::vector<std::pair<int, int>> out;
  for (size_t i = 0; i < ends.size(); ++i) {
    out.emplace_back(kFirstNetworkFd + static_cast<int>(first + i), ends[i].get());
  }
  return out;
}

Result<UniqueFd> reopen(const UniqueFd& file, int mode) {
  const std::string path = "/proc/self/fd/" + std::to_string(file.get());
  UniqueFd own(::open(path.c_str(), mode | O_CLOEXEC));
  if (!own) return fail_errno("open a template's memory file", errno);
  return own;
}

Status check_adoptable(const Machine& machine) {
  if (!machine.init_disk.empty() || !machine.shares.empty())
    return fail(Code::kUnsupported, "a parked machine has no folders and no init of its own");
  if (machine.networks.size() > kTemplateCards)
    return too_many(machine.networks.size(), "networks", kTemplateCards);
  if (machine.disks.size() > kTemplateDisks)
    return too_many(machine.disks.size(), "volumes", kTemplateDisks);
  for (size_t k = 0; k < machine.disks.size(); ++k) {
    if (machine.disks[k].read_only || machine.disks[k].serial != parked_serial(k))
      return fail(Code::kUnsupported, "a parked machine's volumes are writable and in order");
  }
  return {};
}

Status check_clonable(const Machine& machine, uint64_t tsc_khz, const std::string& binary) {
  if (!machine.from) return fail(Code::kUnsupported, "no template was given");
  if (!machine.shares.empty() && machine.share_transport == ShareTransport::kVirtiofs)
    return fail(Code::kUnsupported, "its folders come by virtio-fs");
  if (machine.accelerator == Accelerator::kTcg && tsc_khz == 0)
    return fail(Code::kUnsupported, "the rate of the host's TSC is unknown");
  if (!machine.init_disk.empty())
    return fail(Code::kUnsupported, "its init comes from an image of its own");
  if (machine.networks.size() > kTemplateCards)
    return too_many(machine.networks.size(), "networks", kTemplateCards);
  if (machine.disks.size() > kTemplateDisks)
    return too_many(machine.disks.size(), "volumes", kTemplateDisks);
  if (machine.shares.size() > kTemplateShares)
    return too_many(machine.shares.size(), "folders", kTemplateShares);
  if (machine.cpus > machine.from->cpus)
    return fail(Code::kUnsupported, "it has more CPUs than the template");
  if (machine.memory_bytes > machine.from->memory_bytes)
    return fail(Code::kUnsupported, "it has more memory than the template");
  if (recipe_of(shape_of(machine), binary) != machine.from->recipe)
    return fail(Code::kCorrupt, "the template was made from another machine");
  return {};
}

}  // namespace bulkhead::qemu
