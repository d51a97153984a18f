// The block nodes behind the machine's disks: a raw node with the disk's name, which its device
// holds, on top of a file.
//
// The device keeps its node for ever; what the node lies on can be replaced while the guest has no
// driver on the device (blockdev-reopen), which is how a parked machine gets a container's disks.
#pragma once

#include <string>

#include "bulkhead/json.hpp"

namespace bulkhead::qemu {

// The image is shared by containers, so nobody locks it; it is never written. The writable disk is
// a sparse file that gives back what the guest discards. A volume is locked in either case: one
// writer and nobody beside it, or any number of readers; it lives long, so zeros that are written
// to it take no space either.
struct BlockNode {
  std::string name;
  bool read_only = false;
  bool drop_zeros = false;
};

// The size of a placeholder.
inline constexpr uint64_t kNoDiskBytes = 1 << 20;

Json file_below(const std::string& path, bool lock);
Json nothing_below();
// `below`: one of the above, or the name of a node.
Json block_node(const BlockNode& node, Json below);
// One of the first two as a node of its own, to be put below another.
Json loose_node(const std::string& name, Json below, bool read_only);

}  // namespace bulkhead::qemu
