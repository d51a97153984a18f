#include "layer.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <limits>

#include "bomb_guard.hpp"
#include "bulkhead/printable.hpp"
#include "decoded_source.hpp"
#include "prefetch.hpp"

namespace bulkhead::storage {
namespace {

constexpr std::string_view kWhiteout = ".wh.";
constexpr std::string_view kOpaque = ".wh..wh..opq";
constexpr std::string_view kAufs =
    ".wh..wh.";  // bookkeeping of aufs, found in layers of old Dockers; not content
constexpr int64_t kOldest = -(int64_t{1} << 31);
constexpr int64_t kYoungest =
    (int64_t{1} << 34) - (int64_t{1} << 31) - 1;  // what 34 bits of an ext4 time reach
constexpr uint32_t kMajorMax = 0xfff,
                   kMinorMax = 0xfffff;  // what a Linux device number has room for
constexpr uint64_t kProgressEvery = 16 * kMiB;

// Passes the decompressed stream on and computes its digest.
class Hashing : public ByteSource {
 public:
  Hashing(ByteSource& source, const std::string& what, const Task& task)
      : source_(source), what_(what), task_(task) {}

  Result<Bytes> next() override {
    if (Status wanted = task_.check(); !wanted) return tl::unexpected(std::move(wanted.error()));
    Result<Bytes> bytes = source_.next();
    if (!bytes) return bytes;
    hash_.update(*bytes);
    total_ += bytes->size();
    if (total_ - reported_ >= kProgressEvery) {
      reported_ = total_;
      task_.progress(total_, 0, "unpacking " + what_);
    }
    return bytes;
  }

  Result<Digest> digest_of_all() {
    for (;;) {
      Result<Bytes> rest = next();
      if (!rest) return tl::unexpected(std::move(rest.error()));
      if (rest->empty()) return hash_.finish();
    }
  }

 private:
  ByteSource& source_;
  const std::string& what_;
  const Task& task_;
  Sha256 hash_;
  uint64_t total_ = 0;
  uint64_t reported_ = 0;
};

// The other thread must not wait for bytes that nobody wants any more.
class Abandoned {
 public:
  explicit Abandoned(EncodedSource& source) : source_(source) {}
  Abandoned(const Abandoned&) = delete;
  Abandoned& operator=(const Abandoned&) = delete;
  ~Abandoned() { source_.abandon(); }

 private:
  EncodedSource& source_;
};

Result<uint32_t> owner_id(int64_t id) {
  if (id >= 0 && id < std::numeric_limits<uint32_t>::max()) return static_cast<uint32_t>(id);
  return fail(Code::kCorrupt, "its owner " + std::to_string(id) + " isn't a user or group number");
}

uint16_t file_type(MemberKind kind) {
  switch (kind) {
    case MemberKind::kDirectory:
      return S_IFDIR;
    case MemberKind::kSymlink:
      return S_IFLNK;
    case MemberKind::kCharacterDevice:
      return S_IFCHR;
    case MemberKind::kBlockDevice:
      return S_IFBLK;
    case MemberKind::kFifo:
      return S_IFIFO;
    default:
      return S_IFREG;
  }
}

// Everything of the node but its content.
Result<Node> node_of(const Member& member) {
  Node node;
  node.mode = static_cast<uint16_t>(file_type(member.kind) | member.permissions);
  Result<uint32_t> uid = owner_id(member.uid), gid = owner_id(member.gid);
  if (!uid) return tl::unexpected(std::move(uid.error()));
  if (!gid) return tl::unexpected(std::move(gid.error()));
  node.uid = *uid;
  node.gid = *gid;
  node.mtime = std::clamp(member.mtime, kOldest, kYoungest);
  node.mtime_nanoseconds = std::min<uint32_t>(member.mtime_nanoseconds, 999'999'999);
  if (!member.attributes.empty())
    node.attributes = std::make_unique<std::vector<Attribute>>(member.attributes);
  if (member.kind == MemberKind::kCharacterDevice || member.kind == MemberKind::kBlockDevice) {
    if (member.device_major > kMajorMax || member.device_minor > kMinorMax) {
      return fail(Code::kCorrupt, "its device number " + std::to_string(member.device_major) + ":" +
                                      std::to_string(member.device_minor) + " doesn't exist");
    }
    node.device_major = member.device_major;
    node.device_minor = member.device_minor;
  }
  return node;
}

}  // namespace

LayerSource::Open open_file(Path path) {
  return [path = std::move(path)](const Task& task) -> Result<std::unique_ptr<EncodedSource>> {
    Result<UniqueFd> file = open_for_reading(path);
    if (!file) return tl::unexpected(std::move(file.error()));
    return std::make_unique<FileSource>(std::move(*file), task);
  };
}

Result<Digest> LayerApplier::apply(const LayerSource& layer) {
  const auto in_layer = [&](Error error) { return fail(std::move(error).context(layer.what)); };
  Result<std::unique_ptr<EncodedSource>> stored = layer.open(task_);
  if (!stored) return in_layer(std::move(stored.error()));
  DecodedSource decoded(**stored);
  if (Status opened = decoded.open(); !opened) return in_layer(std::move(opened.error()));
  BombGuard guarded(decoded, **stored, limits_);
  Prefetch ahead(guarded);
  const Abandoned afterwards(**stored);
  Hashing hashing(ahead, layer.what, task_);
  if (Status applied = apply_archive(hashing); !applied)
    return in_layer(std::move(applied.error()));
  Result<Digest> digest = hashing.digest_of_all();
  if (!digest) return in_layer(std::move(digest.error()));
  if (layer.diff_id && *layer.diff_id != *digest) {
    return in_layer({Code::kCorrupt,
                     "its content is " + digest->brief() + ", but the image's config promises " +
                         layer.diff_id->brief(),
                     {}});
  }
  return digest;
}

Status LayerApplier::apply_archive(ByteSource& tar) {
  tree_.begin_layer();
  TarReader reader(tar);
  if (Status opened = reader.open(); !opened) return opened;
  for (;;) {
    Result<const Member*> next = reader.next();
    if (!next) return tl::unexpected(std::move(next.error()));
    if (*next == nullptr) return {};
    const Member& member = **next;
    Status applied = apply_member(reader, member);
    if (!applied) {
      Error error = std::move(applied.error()).context("member " + in_quotes(member.name));
      if (!skip_refused_ || error.code != Code::kCorrupt) return fail(std::move(error));
      skipped_.push_back(std::move(error.message));
    }
    if (Status released = area_.release(tree_.take_released()); !released) return released;
  }
}

Status LayerApplier::apply_member(TarReader& reader, const Member& member) {
  const Result<Components> path = split_member_name(member.name);
  if (!path) return tl::unexpected(path.error());
  const auto bookkeeping = [](std::string_view part) {
    return part.starts_with(kAufs) && part != kOpaque;
  };
  if (std::any_of(path->begin(), path->end(), bookkeeping)) return {};
  if (path->empty() || !path->back().starts_with(kWhiteout))
    return apply_entry(reader, member, *path);
  return apply_whiteout(Components(path->begin(), path->end() - 1), path->back());
}

Status LayerApplier::apply_whiteout(const Components& directory, std::string_view marker) {
  if (marker == kOpaque) {
    tree_.hide_children(directory);
    return {};
  }
  const std::string_view hidden = marker.substr(kWhiteout.size());
  if (hidden.empty() || hidden == "." || hidden == "..") {
    return fail(Code::kCorrupt, "it hides " + in_quotes(hidden) + ", which no file can be called");
  }
  tree_.hide(directory, hidden);
  return {};
}

Status LayerApplier::apply_entry(TarReader& reader, const Member& member, const Components& path) {
  if (member.kind == MemberKind::kUnknown) return fail(Code::kCorrupt, "it is of an unknown kind");
  Result<FileTree::Place> place = tree_.locate(path);
  if (!place) return tl::unexpected(std::move(place.error()));
  if (member.kind == MemberKind::kHardLink) {
    const Result<Components> target = split_member_name(member.target);
    if (!target)
      return fail(
          Error(target.error()).context("it is a hard link to " + in_quotes(member.target)));
    return tree_.link(*place, *target);
  }
  Result<Node> node = node_of(member);
  if (!node) return tl::unexpected(std::move(node.error()));
  if (member.kind == MemberKind::kSymlink) {
    if (Result<Components> inside = resolve_link(path, member.target); !inside) {
      return tl::unexpected(std::move(inside.error()));
    }
    node->target = member.target;
    node->size = member.target.size();
  } else if (member.kind == MemberKind::kFile) {
    Result<Extents> extents = store_content(reader, member);
    if (!extents) return tl::unexpected(std::move(extents.error()));
    node->extents = std::move(*extents);
    node->size = static_cast<uint64_t>(member.size);
  }
  return tree_.put(*place, std::move(*node));
}

Result<Extents> LayerApplier::store_content(TarReader& reader, const Member& member) {
  if (member.size < 0 || static_cast<uint64_t>(member.size) > limits_.image_bytes) {
    return fail(Code::kCorrupt,
                "its size of " + std::to_string(member.size) + " bytes is beyond the limit");
  }
  const auto size = static_cast<uint64_t>(member.size);
  area_.begin();
  for (;;) {
    Result<std::optional<TarReader::Piece>> piece = reader.next_piece();
    if (!piece) return tl::unexpected(std::move(piece.error()));
    if (!*piece) break;
    const auto& [offset, bytes] = **piece;
    if (offset > size || bytes.size() > size - offset)
      return fail(Code::kCorrupt, "its content is longer than its size");
    if (Status written = area_.write(offset, bytes); !written)
      return tl::unexpected(std::move(written.error()));
  }
  if (area_.next_block() > limits_.image_bytes / kBlockBytes) {
    return fail(Code::kNoSpace, "the image's layers have more than " +
                                    std::to_string(limits_.image_bytes >> 20) + " MiB");
  }
  return area_.end(size);
}

}  // namespace bulkhead::storage
