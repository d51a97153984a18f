#include "guest/init/virtio_disks.hpp"

#include <dirent.h>
#include <unistd.h>

#include <vector>

#include "guest/init/files.hpp"

namespace bulkhead::guest {
namespace {

constexpr const char* kDevices = "/sys/bus/virtio/devices";
constexpr const char* kDriver = "/sys/bus/virtio/drivers/virtio_blk/";
// Device type 2 of the virtio specification (5.2), as the kernel prints it.
constexpr std::string_view kBlockDevice = "0x0002";

std::vector<std::string> list(const char* path) {
  std::vector<std::string> names;
  DIR* directory = opendir(path);
  if (directory == nullptr) return names;
  while (const dirent* entry = readdir(directory)) {
    if (entry->d_name[0] != '.') names.emplace_back(entry->d_name);
  }
  closedir(directory);
  return names;
}

std::string_view without_newline(std::string_view text) {
  while (!text.empty() && text.back() == '\n') text.remove_suffix(1);
  return text;
}

// Every virtio disk that has no driver gets its own back.
void bind_disks() {
  for (const std::string& name : list(kDevices)) {
    std::string device = std::string(kDevices) + "/" + name;
    if (access((device + "/driver").c_str(), F_OK) == 0) continue;
    if (without_newline(read_kernel_file((device + "/device").c_str())) == kBlockDevice)
      (void)write_kernel_file((std::string(kDriver) + "bind").c_str(), name);
  }
}

std::string bound_disk(std::string_view serial) {
  for (const std::string& name : list("/sys/block")) {
    std::string text = read_kernel_file(("/sys/block/" + name + "/serial").c_str());
    if (!text.empty() && without_newline(text) == serial) return "/dev/" + name;
  }
  return {};
}

}  // namespace

// Whether there is a disk without a driver is asked only when one is missing: the question costs a
// start under emulation four milliseconds.
Result<std::string> find_disk(std::string_view serial) {
  std::string path = bound_disk(serial);
  if (!path.empty()) return path;
  bind_disks();
  path = bound_disk(serial);
  if (!path.empty()) return path;
  return fail(Code::kNotFound, "the VM has no disk with the serial " + std::string(serial));
}

void unbind_disks() {
  for (const std::string& name : list(kDriver)) {
    if (name.starts_with("virtio"))
      (void)write_kernel_file((std::string(kDriver) + "unbind").c_str(), name);
  }
}

}  // namespace bulkhead::guest
