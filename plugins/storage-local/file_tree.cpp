#include "file_tree.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <deque>
#include <optional>

#include "bulkhead/printable.hpp"

namespace bulkhead::storage {
namespace {

constexpr size_t kDeepest = 1024;     // folders within folders: the recursions below rely on it
constexpr int kMostHops = 40;         // symbolic links in one path, as Linux has it
constexpr size_t kNameOverhead = 96;  // of a Name in its map, roughly

uint64_t memory_of(const Node& node) {
  uint64_t bytes = sizeof(Node) + node.target.size() + node.extents.size() * sizeof(Extent);
  if (node.attributes) {
    for (const Attribute& attribute : *node.attributes)
      bytes += attribute.name.size() + attribute.value.size();
  }
  return bytes;
}

uint64_t memory_of(const std::string& name) {
  return name.size() + kNameOverhead;
}

}  // namespace

// Follows a path to a folder, links included, as the kernel would with the image as its root.
class FileTree::Walk {
 public:
  enum class Missing { kMake, kFail };

  Walk(FileTree& tree, Missing missing) : tree_(tree), missing_(missing) {}

  Result<NodeId> to(const Components& path) {
    todo_.assign(path.rbegin(), path.rend());
    while (!todo_.empty()) {
      const std::string_view part = todo_.back();
      todo_.pop_back();
      if (Status stepped = step(part); !stepped) return tl::unexpected(std::move(stepped.error()));
    }
    return folders_.back();
  }

 private:
  Status step(std::string_view part) {
    if (part == "..") {
      if (folders_.size() > 1) folders_.pop_back();
      return {};
    }
    const Children& children = *tree_.nodes_[folders_.back()].children;
    const auto found = children.find(part);
    if (found == children.end()) return enter_missing(part);
    const Node& node = tree_.nodes_[found->second.node];
    if (node.is_directory()) return enter(found->second.node);
    if (S_ISLNK(node.mode)) return follow(node.target);
    return fail(Code::kCorrupt, "its parent " + in_quotes(part) + " is not a folder");
  }

  Status enter(NodeId directory) {
    if (folders_.size() >= kDeepest) return fail(Code::kCorrupt, "its folders are nested too deep");
    folders_.push_back(directory);
    return {};
  }

  Status enter_missing(std::string_view part) {
    if (missing_ == Missing::kFail)
      return fail(Code::kCorrupt, "there is no folder " + in_quotes(part));
    Result<NodeId> made = tree_.make_directory(folders_.back(), part);
    if (!made) return tl::unexpected(std::move(made.error()));
    return enter(*made);
  }

  Status follow(const std::string& target) {
    if (++hops_ > kMostHops) return fail(Code::kCorrupt, "its path has too many symbolic links");
    targets_.push_back(target);  // kept: todo_ points into it
    std::string_view rest = targets_.back();
    if (rest.starts_with('/')) folders_.resize(1);
    Components parts;
    while (!rest.empty()) {
      const size_t slash = rest.find('/');
      const std::string_view part = rest.substr(0, slash);
      rest.remove_prefix(slash == std::string_view::npos ? rest.size() : slash + 1);
      if (!part.empty() && part != ".") parts.push_back(part);
    }
    todo_.insert(todo_.end(), parts.rbegin(), parts.rend());
    return {};
  }

  FileTree& tree_;
  Missing missing_;
  std::vector<NodeId> folders_{kRoot};
  Components todo_;  // last first
  std::deque<std::string> targets_;
  int hops_ = 0;
};

FileTree::FileTree(const Limits& limits) : limits_(limits), live_(1) {
  Node root;
  root.mode = S_IFDIR | 0755;
  root.links = 1;
  root.children = std::make_unique<Children>();
  nodes_.push_back(std::move(root));
}

Result<FileTree::Place> FileTree::locate(const Components& path) {
  if (path.empty()) return Place{};
  Result<NodeId> directory =
      Walk(*this, Walk::Missing::kMake).to(Components(path.begin(), path.end() - 1));
  if (!directory) return tl::unexpected(std::move(directory.error()));
  return Place{*directory, std::string(path.back())};
}

Status FileTree::put(const Place& place, Node node) {
  Result<NodeId> added = add(std::move(node));
  if (!added) return tl::unexpected(std::move(added.error()));
  if (!place.leaf.empty()) return set_name(place, *added);
  if (!nodes_[*added].is_directory())
    return fail(Code::kCorrupt, "it would replace the root folder");
  merge_directory(kRoot, *added);
  return {};
}

Status FileTree::link(const Place& place, const Components& target) {
  if (place.leaf.empty() || target.empty())
    return fail(Code::kCorrupt, "it would link the root folder");
  const std::string named = in_quotes(joined(target));
  Result<NodeId> directory =
      Walk(*this, Walk::Missing::kFail).to(Components(target.begin(), target.end() - 1));
  if (!directory) return fail(std::move(directory.error()).context("it links to " + named));
  const Children& siblings = *nodes_[*directory].children;
  const auto found = siblings.find(target.back());
  if (found == siblings.end())
    return fail(Code::kCorrupt, "it links to " + named + ", which isn't in the image");
  const NodeId id = found->second.node;
  if (nodes_[id].is_directory())
    return fail(Code::kCorrupt, "it is a hard link to the folder " + named);
  if (nodes_[id].links >= 65000)
    return fail(Code::kCorrupt, "it is one hard link too many to " + named);
  ++nodes_[id].links;  // before set_name, which may drop the last other name
  return set_name(place, id);
}

void FileTree::hide(const Components& directory, std::string_view leaf) {
  const Result<NodeId> parent = Walk(*this, Walk::Missing::kFail).to(directory);
  if (!parent) return;  // nothing there to hide
  Children& siblings = *nodes_[*parent].children;
  const auto found = siblings.find(leaf);
  if (found == siblings.end()) return;
  const NodeId id = found->second.node;
  const bool own = found->second.layer == layer_;
  const bool own_below = nodes_[id].is_directory() && prune(id);
  if (own || own_below) return;
  metadata_bytes_ -= memory_of(found->first);
  siblings.erase(found);
  drop(id);
}

void FileTree::hide_children(const Components& directory) {
  const Result<NodeId> id = Walk(*this, Walk::Missing::kFail).to(directory);
  if (id) prune(*id);
}

Result<NodeId> FileTree::add(Node node) {
  content_bytes_ += node.size;
  if (content_bytes_ > limits_.image_bytes) {
    return fail(Code::kNoSpace, "the image's files have more than " +
                                    std::to_string(limits_.image_bytes >> 20) + " MiB");
  }
  if (++live_ > limits_.image_inodes) {
    return fail(Code::kNoSpace,
                "the image has more than " + std::to_string(limits_.image_inodes) + " files");
  }
  if (Status charged = charge(memory_of(node)); !charged)
    return tl::unexpected(std::move(charged.error()));
  node.links = 1;
  if (S_ISDIR(node.mode)) node.children = std::make_unique<Children>();
  if (free_.empty()) {
    nodes_.push_back(std::move(node));
    return static_cast<NodeId>(nodes_.size() - 1);
  }
  const NodeId id = free_.back();
  free_.pop_back();
  nodes_[id] = std::move(node);
  return id;
}

Result<NodeId> FileTree::make_directory(NodeId parent, std::string_view name) {
  Node directory;
  directory.mode = S_IFDIR | 0755;
  Result<NodeId> id = add(std::move(directory));
  if (!id) return id;
  if (Status named = set_name({parent, std::string(name)}, *id); !named)
    return tl::unexpected(std::move(named.error()));
  return id;
}

Status FileTree::set_name(const Place& place, NodeId node) {
  Children& siblings = *nodes_[place.directory].children;
  const auto found = siblings.find(place.leaf);
  if (found == siblings.end()) {
    siblings.emplace(place.leaf, Name{node, layer_});
    return charge(memory_of(place.leaf));
  }
  const NodeId old = found->second.node;
  found->second.layer = layer_;
  if (nodes_[old].is_directory() && nodes_[node].is_directory()) {
    merge_directory(old, node);
  } else {
    found->second.node = node;
    drop(old);
  }
  return {};
}

// The old folder stays, with its children; all else is as the new one has it.
void FileTree::merge_directory(NodeId old, NodeId fresh) {
  std::swap(nodes_[old].children, nodes_[fresh].children);
  std::swap(nodes_[old].links, nodes_[fresh].links);
  std::swap(nodes_[old].pruned_in, nodes_[fresh].pruned_in);
  std::swap(nodes_[old], nodes_[fresh]);
  drop(fresh);
}

void FileTree::drop(NodeId id) {
  Node& node = nodes_[id];
  if (--node.links > 0) return;
  if (node.is_directory()) {
    const std::unique_ptr<Children> children = std::move(node.children);
    for (const auto& [name, child] : *children) {
      metadata_bytes_ -= memory_of(name);
      drop(child.node);
    }
  }
  Node& gone = nodes_[id];
  metadata_bytes_ -= memory_of(gone);
  released_.insert(released_.end(), gone.extents.begin(), gone.extents.end());
  content_bytes_ -= gone.size;
  gone = Node();
  free_.push_back(id);
  --live_;
}

bool FileTree::prune(NodeId directory) {
  Children& children = *nodes_[directory].children;
  // Twice in a layer there is nothing more to forget; a layer full of whiteouts must not cost the
  // square of its size.
  if (std::exchange(nodes_[directory].pruned_in, layer_) == layer_) return !children.empty();
  for (auto it = children.begin(); it != children.end();) {
    const Name name = it->second;
    const bool own_below = nodes_[name.node].is_directory() && prune(name.node);
    if (own_below || name.layer == layer_) {
      ++it;
    } else {
      metadata_bytes_ -= memory_of(it->first);
      it = children.erase(it);
      drop(name.node);
    }
  }
  return !children.empty();
}

Status FileTree::charge(uint64_t bytes) {
  metadata_bytes_ += bytes;
  if (metadata_bytes_ <= limits_.metadata_bytes) return {};
  return fail(Code::kNoSpace, "the image's names and attributes take more than " +
                                  std::to_string(limits_.metadata_bytes >> 20) + " MiB");
}

const Node* FileTree::find(std::string_view path) const {
  const Result<Components> parts = split_member_name(path);
  if (!parts) return nullptr;
  const Node* at = &nodes_[kRoot];
  for (const std::string_view part : *parts) {
    if (!at->is_directory()) return nullptr;
    const auto found = at->children->find(part);
    if (found == at->children->end()) return nullptr;
    at = &nodes_[found->second.node];
  }
  return at;
}

std::string FileTree::path_of(NodeId id) const {
  for (NodeId directory = 0; directory < nodes_.size(); ++directory) {
    if (!nodes_[directory].is_directory()) continue;
    for (const auto& [name, child] : *nodes_[directory].children) {
      if (child.node != id) continue;
      const std::string parent = directory == kRoot ? std::string() : path_of(directory) + "/";
      return parent + name;
    }
  }
  return {};
}

}  // namespace bulkhead::storage
