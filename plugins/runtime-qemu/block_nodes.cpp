#include "block_nodes.hpp"

#include <utility>

namespace bulkhead::qemu {

Json file_below(const std::string& path, bool lock) {
  return {{"driver", "file"}, {"filename", path}, {"locking", lock ? "auto" : "off"}};
}

Json nothing_below() {
  return {{"driver", "null-co"}, {"size", kNoDiskBytes}};
}

Json block_node(const BlockNode& node, Json below) {
  Json out = {{"node-name", node.name},
              {"driver", "raw"},
              {"read-only", node.read_only},
              {"discard", node.read_only ? "ignore" : "unmap"},
              {"file", std::move(below)}};
  if (node.drop_zeros) out["detect-zeroes"] = "unmap";
  return out;
}

// A node that is part of another's definition gets these two from it.
Json loose_node(const std::string& name, Json below, bool read_only) {
  below["node-name"] = name;
  below["read-only"] = read_only;
  below["discard"] = "unmap";
  return below;
}

}  // namespace bulkhead::qemu
