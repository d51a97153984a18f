// The merged tree of an image's layers, in memory: names, metadata, and where each file's content
// lies. Layers are applied to it in order; at the end it is what the container sees, and is written
// as one file system.
//
// Rules, as the OCI image specification and the common unpackers have them:
//   - a member replaces what lower layers have at its name; a folder over a folder keeps the
//   children
//   - ".wh.x" hides x of lower layers, ".wh..wh..opq" all of a folder's lower children; neither
//   hides what the same layer
//     brings, in whatever order they come
//   - parent components that are symbolic links are followed inside the root; missing parents
//   become folders 0755 root:root
//   - a hard link shares the inode of its target, which may be a lower layer's
//
// A node is an inode; names point to it. A folder's names are kept sorted, so the same image gives
// the same disk.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "bulkhead/result.hpp"
#include "data_area.hpp"
#include "limits.hpp"
#include "member_name.hpp"
#include "tar_reader.hpp"

namespace bulkhead::storage {

using NodeId = uint32_t;

struct Name {
  NodeId node;
  uint32_t layer;  // the one that brought it, or changed the folder it names
};
using Children = std::map<std::string, Name, std::less<>>;

struct Node {
  uint16_t mode = 0;  // S_IFREG | 0644 ...
  uint32_t uid = 0, gid = 0;
  int64_t mtime = 0;
  uint32_t mtime_nanoseconds = 0;
  uint32_t links = 0;  // names that point here; for a folder 1
  uint64_t size = 0;
  uint32_t device_major = 0, device_minor = 0;
  Extents extents;
  std::string target;                  // of a symbolic link
  std::unique_ptr<Children> children;  // of a folder
  uint32_t pruned_in = 0;              // the last layer that hid all lower children
  std::unique_ptr<std::vector<Attribute>> attributes;

  bool is_directory() const { return children != nullptr; }
};

class FileTree {
 public:
  static constexpr NodeId kRoot = 0;

  explicit FileTree(const Limits& limits);

  void begin_layer() { ++layer_; }

  // The folder a member belongs into, and its name there. Follows links, makes missing parents.
  struct Place {
    NodeId directory = kRoot;
    std::string leaf;  // empty: the root itself
  };
  Result<Place> locate(const Components& path);

  Status put(const Place& place, Node node);
  Status link(const Place& place, const Components& target);
  void hide(const Components& directory, std::string_view leaf);  // ".wh.<leaf>"
  void hide_children(const Components& directory);                // ".wh..wh..opq"

  const Node& node(NodeId id) const { return nodes_[id]; }
  size_t node_slots() const { return nodes_.size(); }  // ids are below
  uint64_t node_count() const { return live_; }

  // Content that no name reaches any more, since the last call.
  Extents take_released() { return std::exchange(released_, {}); }

  // The node at a path, without following links; null if there is none.
  const Node* find(std::string_view path) const;
  // One of a node's names, for a message; looks through the whole tree.
  std::string path_of(NodeId id) const;

 private:
  class Walk;

  Result<NodeId> add(Node node);
  Result<NodeId> make_directory(NodeId parent, std::string_view name);
  Status set_name(const Place& place, NodeId node);
  void merge_directory(NodeId old, NodeId fresh);
  void drop(NodeId id);  // one name less
  bool prune(
      NodeId directory);  // forgets lower layers' names below; true if this layer has names there
  Status charge(uint64_t bytes);

  Limits limits_;
  std::vector<Node> nodes_;
  std::vector<NodeId> free_;
  uint32_t layer_ = 0;
  uint64_t live_ = 0;
  uint64_t content_bytes_ = 0;
  uint64_t metadata_bytes_ = 0;
  Extents released_;
};

}  // namespace bulkhead::storage
