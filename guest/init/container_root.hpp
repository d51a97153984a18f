// Making the joined tree a container's root, from inside its new namespaces: pivot_root, the
// default mounts of the OCI runtime specification, /dev, and what must not be seen or written.
//
// Runs in the child that becomes the container's first process, before any program of the image has
// run. Still, the tree is the image's: a mount point of /proc, /sys or /dev that is a symbolic link
// is refused, because masks are paths below them.
#pragma once

#include "bulkhead/result.hpp"
#include "bulkhead/unique_fd.hpp"
#include "guest/core/container_spec.hpp"

namespace bulkhead::guest {

// devpts: the detached mount that becomes /dev/pts; PID 1 keeps it open to open terminals in.
Status build_container_root(const ContainerSpec& spec, int devpts);

// A new devpts instance, mounted nowhere yet.
Result<UniqueFd> make_devpts();

// The steps, in files of their own: devices.cpp and masks.cpp.
struct DeviceSupport {
  bool fuse = false, tun = false, kvm = false;
};
DeviceSupport find_devices();
Status make_devices(const DeviceSupport& support);
Status mask_path(const std::string& path);
Status make_read_only(const std::string& path);

}  // namespace bulkhead::guest
