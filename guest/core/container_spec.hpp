// What to run it in: the Container object of guest/PROTOCOL.md, checked.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "bulkhead/result.hpp"
#include "guest/core/mount_spec.hpp"

namespace bulkhead::guest {

// A VM that was cloned from a template: how many of its devices are more than placeholders.
struct CloneSpec {
  unsigned disks = 0, cards = 0, folders = 0;
};

struct ContainerSpec {
  std::string hostname;
  int64_t time_us = 0;
  std::string entropy;  // decoded
  std::string image_disk;
  std::optional<std::string> writable_disk;
  bool read_only = false;
  std::optional<std::string> resolv_conf;
  std::optional<std::string> hosts;
  uint64_t shm_bytes = 0;
  std::vector<std::string> tmpfs;
  std::vector<std::string> masked_paths;
  std::vector<std::string> readonly_paths;
  std::vector<std::pair<std::string, std::string>> sysctls;
  bool use_init = false;
  double cpus = 0;            // 0: no limit
  uint64_t memory_bytes = 0;  // 0: no limit
  std::vector<NetworkSpec> networks;
  std::vector<MountSpec> mounts;
  std::vector<SocketSpec> sockets;
  std::optional<CloneSpec> clone;
};

// Paths are absolute and have no NUL in them, disks and the host name aren't empty.
Result<ContainerSpec> parse_container(std::string_view json);

}  // namespace bulkhead::guest
