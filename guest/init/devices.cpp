// The OCI default nodes of /dev, plus those of virtual machines, user-space file systems and
// tunnels where the kernel has them. The working directory is the container's new and empty /dev.
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "guest/core/errors.hpp"
#include "guest/init/container_root.hpp"

namespace bulkhead::guest {
namespace {

constexpr int kMiscMajor = 10;  // Linux allocated devices: 200 tun, 229 fuse, 232 kvm

Status make_node(const char* name, unsigned major_number, unsigned minor_number) {
  if (mknod(name, S_IFCHR | 0666, makedev(major_number, minor_number)) != 0)
    return fail_now(std::string("create /dev/") + name);
  return {};
}

}  // namespace

DeviceSupport find_devices() {
  auto exists = [](const char* path) { return access(path, F_OK) == 0; };
  return {exists("/dev/fuse"), exists("/dev/net/tun"), exists("/dev/kvm")};
}

Status make_devices(const DeviceSupport& support) {
  struct Node {
    const char* name;
    unsigned major_number, minor_number;
    bool wanted;
  };
  const Node nodes[] = {{"null", 1, 3, true},
                        {"zero", 1, 5, true},
                        {"full", 1, 7, true},
                        {"random", 1, 8, true},
                        {"urandom", 1, 9, true},
                        {"tty", 5, 0, true},
                        {"fuse", kMiscMajor, 229, support.fuse},
                        {"net/tun", kMiscMajor, 200, support.tun},
                        {"kvm", kMiscMajor, 232, support.kvm}};
  mkdir("net", 0755);
  for (const Node& node : nodes) {
    if (!node.wanted) continue;
    if (auto status = make_node(node.name, node.major_number, node.minor_number); !status)
      return status;
  }
  static constexpr std::pair<const char*, const char*> kLinks[] = {{"pts/ptmx", "ptmx"},
                                                                   {"/proc/self/fd", "fd"},
                                                                   {"/proc/self/fd/0", "stdin"},
                                                                   {"/proc/self/fd/1", "stdout"},
                                                                   {"/proc/self/fd/2", "stderr"}};
  for (const auto& [target, name] : kLinks) {
    if (symlink(target, name) != 0) return fail_now(std::string("create /dev/") + name);
  }
  return {};
}

}  // namespace bulkhead::guest
