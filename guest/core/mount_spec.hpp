// What of the host's a container sees: the "networks", "mounts" and "sockets" of the Container
// object of guest/PROTOCOL.md, checked.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "bulkhead/result.hpp"

namespace bulkhead::guest {

struct InterfaceAddress {
  int family = 0;  // AF_INET or AF_INET6
  std::array<uint8_t, 16> bytes{};
  int prefix = 0;
  size_t size() const;  // of the address: 4 or 16
};

struct NetworkSpec {
  std::array<uint8_t, 6> mac{};
  std::vector<InterfaceAddress> addresses;
  std::vector<InterfaceAddress> gateways;  // without a prefix
  uint32_t mtu = 0;
};

struct MountSpec {
  enum class Type : uint8_t { kDisk, kShare, kTmpfs };
  Type type = Type::kTmpfs;
  std::string source;       // a disk's serial or a share's tag
  std::string destination;  // clean: no empty, "." or ".." part, and not "/"; so is a socket's path
  std::string file;         // of a share: the one file that is mounted, and no folder
  bool read_only = false;
  bool virtiofs = false;  // what carries a share; else 9p
  bool copy_up = false;   // fill it from the image if it is empty
  uint64_t size_bytes = 0;
  std::optional<uint32_t> mode;
};

// A Unix socket through the wall. The numbers are the host's: "the n-th of its sockets".
struct SocketSpec {
  bool to_host = false;  // the container connects to `path`; else a program of it listens there
  std::string path;
  uint64_t id = 0;
};

}  // namespace bulkhead::guest
