// What a VM is made of, as the daemon orders it: the typed form of METHODS.md's Machine.
//
// Plain values. The order is checked once, in requests.cpp, and trusted from there on: memory and
// CPU counts are in range, paths are absolute, kernel arguments hold no white space that could
// smuggle in a second argument, serials and tags are short words that occur once.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace bulkhead::qemu {

enum class Accelerator { kKvm, kTcg };

inline std::string_view name_of(Accelerator accelerator) {
  return accelerator == Accelerator::kKvm ? "kvm" : "tcg";
}

// A network card; the frames come and go through a descriptor that the daemon hands over.
struct Network {
  std::string network;  // the network's id
  std::string mac;
};

// A volume beside the container's own disks; the guest knows it by its serial.
struct Disk {
  std::string serial;
  std::string path;
  bool read_only = false;
};

// A folder of the host, known to the guest by its tag.
struct Share {
  std::string tag;
  std::string path;
  bool read_only = false;
  bool notify = false;           // tell the guest of changes made here
  std::string destination = {};  // where the container has it, if so
  // Found out when the machine is made: whether a virtiofsd serves it, and if not, why not. Empty
  // if 9p is what was ordered.
  bool virtiofs = false;
  std::string why_9p = {};
};

enum class ShareTransport { kAuto, k9p, kVirtiofs };

// A Unix socket on either side of the wall, and its listener's path on the other one.
struct Socket {
  enum class Direction { kToHost, kToGuest };  // where a program listens that is connected to

  Direction direction = Direction::kToHost;
  std::string host;
  std::string guest;
  std::optional<uint32_t> mode;  // of the host's path under kToGuest
};

// Of what the VM may be a clone (template_layout.hpp): the memory it has beside the guest's own,
// its CPUs, and how its machine was made. Its memory and the state of its devices come as
// descriptors.
struct Template {
  unsigned cpus = 1;
  uint64_t memory_bytes = 0;
  std::string recipe;
};

struct Machine {
  Accelerator accelerator = Accelerator::kTcg;
  unsigned cpus = 1;
  uint64_t memory_bytes = 0;  // the container's share; what the guest itself needs comes on top
  std::string kernel;
  std::string initramfs;
  std::vector<std::string> kernel_args;
  std::string image_disk;
  std::string writable_disk;  // empty: a tmpfs in the guest takes its place
  std::string init_disk;      // empty: the initramfs has the init
  bool virtualization = false;
  std::vector<Network> networks;
  std::vector<Disk> disks;
  std::vector<Share> shares;
  ShareTransport share_transport = ShareTransport::kAuto;
  bool cloning = false;  // machines are cloned, though there may be no template for this one yet
  std::vector<Socket> sockets;
  std::optional<Template> from;
};

}  // namespace bulkhead::qemu
