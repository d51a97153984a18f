#include "guest/init/virtio_devices.hpp"

#include <dirent.h>

#include <algorithm>
#include <cstdlib>
#include <vector>

#include "guest/init/files.hpp"

namespace bulkhead::guest {
namespace {

constexpr const char* kDevices = "/sys/bus/virtio/devices";
constexpr const char* kDrivers = "/sys/bus/virtio/drivers/";
constexpr std::string_view kPrefix = "virtio";

// A kind of device: its driver, and its type in the virtio specification (5.1, 5.2, 5.13) as the
// kernel prints it.
struct Kind {
  const char* driver;
  std::string_view type;
};
constexpr Kind kCards{"virtio_net", "0x0001"};
constexpr Kind kDisks{"virtio_blk", "0x0002"};
constexpr Kind kFolders{"9pnet_virtio", "0x0009"};

std::vector<std::string> list(const std::string& path) {
  std::vector<std::string> names;
  DIR* directory = opendir(path.c_str());
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

// "virtio12" comes after "virtio2": numbers are given in the order of the bus.
std::vector<std::string> devices_in_order() {
  std::vector<std::string> names = list(kDevices);
  auto number = [](const std::string& name) {
    return name.starts_with(kPrefix) ? atoi(name.c_str() + kPrefix.size()) : 0;
  };
  std::sort(names.begin(), names.end(), [&](const std::string& one, const std::string& other) {
    return number(one) < number(other);
  });
  return names;
}

void unbind(const Kind& kind) {
  const std::string driver = std::string(kDrivers) + kind.driver;
  for (const std::string& name : list(driver)) {
    if (name.starts_with(kPrefix)) (void)write_kernel_file((driver + "/unbind").c_str(), name);
  }
}

Status bind(const Kind& kind, const std::string& device) {
  const std::string file = std::string(kDrivers) + kind.driver + "/bind";
  if (auto status = write_kernel_file(file.c_str(), device); !status)
    return fail(std::move(status.error()).context("give " + device + " its driver"));
  return {};
}

}  // namespace

Result<std::string> find_disk(std::string_view serial) {
  for (const std::string& name : list("/sys/block")) {
    std::string text = read_kernel_file(("/sys/block/" + name + "/serial").c_str());
    if (!text.empty() && without_newline(text) == serial) return "/dev/" + name;
  }
  return fail(Code::kNotFound, "the VM has no disk with the serial " + std::string(serial));
}

void unbind_devices() {
  for (const Kind* kind : {&kCards, &kDisks, &kFolders}) unbind(*kind);
}

Status bind_devices(const CloneSpec& clone) {
  struct Wanted {
    const Kind& kind;
    unsigned left;
  } wanted[] = {{kCards, clone.cards}, {kDisks, clone.disks}, {kFolders, clone.folders}};
  for (const std::string& name : devices_in_order()) {
    const std::string type =
        read_kernel_file((std::string(kDevices) + "/" + name + "/device").c_str());
    for (auto& [kind, left] : wanted) {
      if (left == 0 || without_newline(type) != kind.type) continue;
      if (auto status = bind(kind, name); !status) return status;
      --left;
    }
  }
  for (const auto& [kind, left] : wanted) {
    if (left > 0)
      return fail(Code::kNotFound,
                  std::string("the template has too few devices for the driver ") + kind.driver);
  }
  return {};
}

}  // namespace bulkhead::guest
