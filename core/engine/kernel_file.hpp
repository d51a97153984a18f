// Taking a kernel in: bytes from a descriptor (a file, or one member of a tar) into a directory,
// checked to be something that QEMU's microvm can boot: a 64-bit ELF executable with a PVH entry
// note, or an x86 bzImage, or an arm64 Image.
#pragma once

#include <string>
#include <string_view>

#include "bulkhead/result.hpp"
#include "bulkhead/unique_fd.hpp"

namespace bulkhead::engine {

struct KernelFile {
  std::string path;
  std::string digest;  // "sha256:<hex>" of the kernel itself
};

struct KernelOrder {
  std::string directory, name;  // where it goes
  std::string architecture;     // "amd64" or "arm64"
  std::string expected;         // the digest of what is given (the archive's for a tar), or ""
};

// Blocks: call it on a worker thread. Leaves nothing behind on failure.
Result<KernelFile> install_kernel(const UniqueFd& source, const KernelOrder& order);
Result<KernelFile> install_kernel_from_tar(const UniqueFd& source, const std::string& member,
                                           const KernelOrder& order);

// Whether a kernel that stays where it is can be read and looks bootable.
Status check_kernel(const std::string& path, const std::string& architecture);

// "" if it looks bootable, else the reason why it doesn't. `head` is the file's first 4 KiB.
std::string why_no_kernel(std::string_view head, std::string_view architecture);

}  // namespace bulkhead::engine
