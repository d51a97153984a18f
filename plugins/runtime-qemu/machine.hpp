// What a VM is made of, as the daemon orders it: the typed form of METHODS.md's Machine.
//
// Plain values. The order is checked once, in requests.cpp, and trusted from there on: memory and
// CPU counts are in range, paths are absolute, kernel arguments hold no white space that could
// smuggle in a second argument.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace bulkhead::qemu {

enum class Accelerator { kKvm, kTcg };

inline std::string_view name_of(Accelerator accelerator) {
  return accelerator == Accelerator::kKvm ? "kvm" : "tcg";
}

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
};

}  // namespace bulkhead::qemu
