#include "ext4_image.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <memory>

#include "bulkhead/printable.hpp"
#include "ext2_error.hpp"
#include "ext4_directory.hpp"

namespace bulkhead::storage {
namespace {

constexpr uint32_t kInodeBytes = 256;
constexpr uint32_t kInodesPerBlock = kBlockBytes / kInodeBytes;
constexpr uint64_t kGroupBlocks = 8 * kBlockBytes;  // what one block of bitmap covers
constexpr uint32_t kGroupInodes = 8 * kBlockBytes;
constexpr uint32_t kFirstInode = EXT2_GOOD_OLD_FIRST_INO;
constexpr size_t kInlineExtents = 4;   // what an inode has room for
constexpr size_t kFastLinkBytes = 60;  // a shorter target is kept in the inode
constexpr uint32_t kMostSubfolders = 64998;
constexpr uint32_t kSmallestLastGroup =
    64;  // libext2fs drops a last group without this much room beyond its tables

uint64_t div_up(uint64_t a, uint64_t b) {
  return (a + b - 1) / b;
}

// An inode of the image-to-be, in the order of their numbers.
struct Planned {
  NodeId node;
  uint32_t parent = 0;  // of a folder: its parent's inode number
  uint32_t subfolders = 0;
  bool indexed = false;
  Extents own_blocks;  // of a folder or long link, written by us
};

struct Geometry {
  uint64_t blocks = 0;
  uint32_t groups = 0;
  uint32_t inodes_per_group = 0;
  uint64_t tables = 0;  // first block of bitmaps and inode tables

  uint32_t table_blocks() const { return inodes_per_group / kInodesPerBlock; }
};

Geometry fit(uint64_t first_free, uint64_t inodes) {
  Geometry g;
  g.tables = first_free;
  for (g.groups = 1;; ++g.groups) {
    if (div_up(inodes, g.groups) > kGroupInodes) continue;
    g.inodes_per_group =
        static_cast<uint32_t>(div_up(div_up(inodes, g.groups), kInodesPerBlock) * kInodesPerBlock);
    g.blocks = first_free + g.groups * (2ull + g.table_blocks());
    if (g.blocks > g.groups * kGroupBlocks) continue;
    const uint64_t least =
        (g.groups - 1) * kGroupBlocks + 2 + g.table_blocks() + kSmallestLastGroup;
    g.blocks = std::max(g.blocks, least);
    return g;
  }
}

uint8_t directory_type(uint16_t mode) {
  switch (mode & S_IFMT) {
    case S_IFDIR:
      return EXT2_FT_DIR;
    case S_IFLNK:
      return EXT2_FT_SYMLINK;
    case S_IFCHR:
      return EXT2_FT_CHRDEV;
    case S_IFBLK:
      return EXT2_FT_BLKDEV;
    case S_IFIFO:
      return EXT2_FT_FIFO;
    default:
      return EXT2_FT_REG_FILE;
  }
}

class ImageWriter {
 public:
  ImageWriter(const FileTree& tree, DataArea& area, const Digest& identity)
      : tree_(tree), area_(area) {
    for (size_t i = 0; i < identity_.size(); ++i) {
      identity_[i] = static_cast<uint8_t>(std::stoi(identity.hex().substr(2 * i, 2), nullptr, 16));
    }
    std::memcpy(seed_.data(), identity_.data() + 16, sizeof seed_);
  }

  Status write() {
    number();
    for (const auto step :
         {&ImageWriter::write_folders, &ImageWriter::write_long_links, &ImageWriter::initialize,
          &ImageWriter::write_inodes, &ImageWriter::finish}) {
      if (Status done = (this->*step)(); !done) return done;
    }
    return {};
  }

 private:
  void number();
  Status write_folders();
  Status write_long_links();
  Status initialize();
  void describe(ext2_super_block& super) const;
  void place_tables();
  Status write_inodes();
  Status write_inode(uint32_t inode, const Planned& planned);
  Status write_extents(uint32_t inode, const Extents& extents);
  Status write_attributes(uint32_t inode, const Planned& planned);
  Status finish();

  uint32_t number_of(size_t index) const {
    return index == 0 ? EXT2_ROOT_INO : kFirstInode + static_cast<uint32_t>(index) - 1;
  }
  const Node& node_of(const Planned& planned) const { return tree_.node(planned.node); }
  const Extents& extents_of(const Planned& planned) const {
    const Node& node = node_of(planned);
    return S_ISREG(node.mode) ? node.extents : planned.own_blocks;
  }
  uint64_t slack_blocks() const;

  struct Close {
    void operator()(struct_ext2_filsys* fs) const { ext2fs_free(fs); }
  };

  const FileTree& tree_;
  DataArea& area_;
  std::array<uint8_t, 32> identity_{};
  HashSeed seed_{};
  std::vector<Planned> inodes_;  // [0] is the root
  std::vector<uint32_t> number_by_node_;
  Geometry geometry_;
  std::unique_ptr<struct_ext2_filsys, Close> fs_;
};

// Breadth first: the inodes of one folder's files stand side by side, as those who list it read
// them.
void ImageWriter::number() {
  number_by_node_.assign(tree_.node_slots(), 0);
  inodes_.reserve(tree_.node_count());
  inodes_.push_back({FileTree::kRoot, EXT2_ROOT_INO, 0, false, {}});
  number_by_node_[FileTree::kRoot] = EXT2_ROOT_INO;
  for (size_t i = 0; i < inodes_.size(); ++i) {
    const Node& node = node_of(inodes_[i]);
    if (!node.is_directory()) continue;
    for (const auto& [name, child] : *node.children) {
      if (tree_.node(child.node).is_directory()) ++inodes_[i].subfolders;
      if (number_by_node_[child.node] != 0) continue;  // another hard link
      number_by_node_[child.node] = number_of(inodes_.size());
      inodes_.push_back({child.node, number_of(i), 0, false, {}});
    }
  }
}

Status ImageWriter::write_folders() {
  for (size_t i = 0; i < inodes_.size(); ++i) {
    Planned& planned = inodes_[i];
    const Node& node = node_of(planned);
    if (!node.is_directory()) continue;
    std::vector<DirectoryEntry> entries;
    entries.reserve(node.children->size());
    for (const auto& [name, child] : *node.children) {
      entries.push_back(
          {number_by_node_[child.node], directory_type(tree_.node(child.node).mode), name});
    }
    Result<DirectoryBlocks> blocks = build_directory(number_of(i), planned.parent, entries, seed_);
    if (!blocks) return tl::unexpected(std::move(blocks.error()));
    area_.begin();
    if (Status written = area_.write(0, bytes_of(blocks->bytes)); !written) return written;
    Result<Extents> extents = area_.end(blocks->bytes.size());
    if (!extents) return tl::unexpected(std::move(extents.error()));
    planned.own_blocks = std::move(*extents);
    planned.indexed = blocks->indexed;
  }
  return {};
}

Status ImageWriter::write_long_links() {
  for (Planned& planned : inodes_) {
    const Node& node = node_of(planned);
    if (!S_ISLNK(node.mode) || node.target.size() < kFastLinkBytes) continue;
    area_.begin();
    if (Status written = area_.write(0, bytes_of(node.target)); !written) return written;
    Result<Extents> extents = area_.end(node.target.size());
    if (!extents) return tl::unexpected(std::move(extents.error()));
    planned.own_blocks = std::move(*extents);
  }
  return area_.flush();
}

// Room for what libext2fs allocates itself while inodes are written; an upper bound.
uint64_t ImageWriter::slack_blocks() const {
  uint64_t blocks = 0;
  for (const Planned& planned : inodes_) {
    const size_t extents = extents_of(planned).size();
    if (extents > kInlineExtents) blocks += 4 + extents / 64;
    if (node_of(planned).attributes) ++blocks;
  }
  return blocks;
}

void ImageWriter::describe(ext2_super_block& super) const {
  std::memcpy(super.s_uuid, identity_.data(), sizeof super.s_uuid);
  super.s_uuid[6] =
      static_cast<uint8_t>((super.s_uuid[6] & 0x0f) | 0x80);  // version 8: made from other data
  super.s_uuid[8] = static_cast<uint8_t>((super.s_uuid[8] & 0x3f) | 0x80);
  std::copy(seed_.begin(), seed_.end(), super.s_hash_seed);
  super.s_def_hash_version = EXT2_HASH_HALF_MD4;
  super.s_flags = EXT2_FLAGS_UNSIGNED_HASH;  // on every kind of host
  super.s_mkfs_time = super.s_lastcheck = 1;
  super.s_max_mnt_count = -1;
  super.s_checkinterval = 0;
}

Status ImageWriter::initialize() {
  geometry_ = fit(area_.next_block() + slack_blocks(), kFirstInode - 1 + inodes_.size() - 1);
  ext2_super_block wanted{};
  wanted.s_rev_level = EXT2_DYNAMIC_REV;
  wanted.s_log_block_size = 2;
  wanted.s_log_cluster_size = 2;
  wanted.s_inode_size = kInodeBytes;
  wanted.s_inodes_count = geometry_.inodes_per_group * geometry_.groups;
  wanted.s_blocks_count = static_cast<uint32_t>(geometry_.blocks);
  wanted.s_log_groups_per_flex = 31;  // one flexible group: tables may be anywhere
  wanted.s_feature_compat = EXT2_FEATURE_COMPAT_EXT_ATTR | EXT2_FEATURE_COMPAT_DIR_INDEX |
                            EXT4_FEATURE_COMPAT_SPARSE_SUPER2;
  wanted.s_feature_incompat = EXT2_FEATURE_INCOMPAT_FILETYPE | EXT3_FEATURE_INCOMPAT_EXTENTS |
                              EXT4_FEATURE_INCOMPAT_FLEX_BG;
  wanted.s_feature_ro_compat = EXT2_FEATURE_RO_COMPAT_SPARSE_SUPER |
                               EXT2_FEATURE_RO_COMPAT_LARGE_FILE |
                               EXT4_FEATURE_RO_COMPAT_HUGE_FILE | EXT4_FEATURE_RO_COMPAT_DIR_NLINK |
                               EXT4_FEATURE_RO_COMPAT_EXTRA_ISIZE;
  if (::ftruncate(area_.fd(), static_cast<off_t>(geometry_.blocks * kBlockBytes)) != 0) {
    return fail_errno("size " + area_.path().string(), errno);
  }
  ext2_filsys fs = nullptr;
  const errcode_t error =
      ext2fs_initialize(area_.path().c_str(), EXT2_FLAG_64BITS, &wanted, unix_io_manager, &fs);
  if (error != 0) return fail_ext2("begin the file system " + area_.path().string(), error);
  fs_.reset(fs);
  if (ext2fs_blocks_count(fs->super) != geometry_.blocks ||
      fs->super->s_inodes_per_group != geometry_.inodes_per_group ||
      fs->group_desc_count != geometry_.groups || fs->desc_blocks >= DataArea::kFirstBlock) {
    return fail(Code::kInternal,
                "libext2fs lays out " + area_.path().string() + " other than asked");
  }
  describe(*fs->super);
  fs->now = 1;
  place_tables();
  return {};
}

void ImageWriter::place_tables() {
  const uint64_t groups = geometry_.groups, table = geometry_.table_blocks();
  for (uint32_t group = 0; group < groups; ++group) {
    ext2fs_block_bitmap_loc_set(fs_.get(), group, geometry_.tables + group);
    ext2fs_inode_bitmap_loc_set(fs_.get(), group, geometry_.tables + groups + group);
    ext2fs_inode_table_loc_set(fs_.get(), group, geometry_.tables + 2 * groups + group * table);
  }
  ext2fs_mark_block_bitmap_range2(fs_->block_map, geometry_.tables,
                                  static_cast<unsigned>(groups * (2 + table)));
  for (const Planned& planned : inodes_) {
    for (const Extent& extent : extents_of(planned)) {
      ext2fs_mark_block_bitmap_range2(fs_->block_map, extent.physical, extent.count);
    }
  }
  for (uint32_t inode = 1; inode < kFirstInode; ++inode)
    ext2fs_mark_inode_bitmap2(fs_->inode_map, inode);
}

Status ImageWriter::write_inodes() {
  std::vector<uint32_t> folders(geometry_.groups);
  for (size_t i = 0; i < inodes_.size(); ++i) {
    const uint32_t inode = number_of(i);
    const Node& node = node_of(inodes_[i]);
    ext2fs_mark_inode_bitmap2(fs_->inode_map, inode);
    if (node.is_directory()) ++folders[(inode - 1) / geometry_.inodes_per_group];
    Status written = write_inode(inode, inodes_[i]);
    if (written && extents_of(inodes_[i]).size() > kInlineExtents)
      written = write_extents(inode, extents_of(inodes_[i]));
    if (written && node.attributes) written = write_attributes(inode, inodes_[i]);
    if (!written) return written;
  }
  for (uint32_t group = 0; group < geometry_.groups; ++group) {
    ext2fs_bg_used_dirs_count_set(fs_.get(), group, folders[group]);
  }
  return {};
}

void set_times(ext2_inode_large& inode, const Node& node) {
  const auto seconds = static_cast<uint32_t>(node.mtime & 0xffffffff);
  // The bits beyond 32 count from where a signed 32-bit time would wrap.
  const auto epoch = static_cast<uint32_t>((node.mtime - static_cast<int32_t>(seconds)) >> 32) & 3;
  const uint32_t extra = node.mtime_nanoseconds << 2 | epoch;
  inode.i_atime = inode.i_ctime = inode.i_mtime = inode.i_crtime = seconds;
  inode.i_atime_extra = inode.i_ctime_extra = inode.i_mtime_extra = inode.i_crtime_extra = extra;
}

// The extents, as far as the inode holds them; more are added by write_extents.
void set_extents(ext2_inode_large& inode, const Extents& extents) {
  inode.i_flags |= EXT4_EXTENTS_FL;
  ext3_extent_header header{};
  header.eh_magic = EXT3_EXT_MAGIC;
  header.eh_max = kInlineExtents;
  auto* const at = reinterpret_cast<char*>(inode.i_block);
  if (extents.size() <= kInlineExtents) {
    header.eh_entries = static_cast<uint16_t>(extents.size());
    for (size_t i = 0; i < extents.size(); ++i) {
      ext3_extent extent{};
      extent.ee_block = extents[i].logical;
      extent.ee_len = static_cast<uint16_t>(extents[i].count);
      extent.ee_start = static_cast<uint32_t>(extents[i].physical);
      std::memcpy(at + sizeof header + i * sizeof extent, &extent, sizeof extent);
    }
  }
  std::memcpy(at, &header, sizeof header);
}

// As the kernel's new_encode_dev; small numbers in the old form, which all kernels read.
void set_device(ext2_inode_large& inode, const Node& node) {
  const uint32_t major = node.device_major, minor = node.device_minor;
  if (major < 256 && minor < 256) {
    inode.i_block[0] = major << 8 | minor;
  } else {
    inode.i_block[1] = (minor & 0xff) | major << 8 | (minor & ~0xffu) << 12;
  }
}

Status ImageWriter::write_inode(uint32_t number, const Planned& planned) {
  const Node& node = node_of(planned);
  const Extents& extents = extents_of(planned);
  ext2_inode_large inode{};
  inode.i_mode = node.mode;
  inode.i_uid = static_cast<uint16_t>(node.uid);
  inode.osd2.linux2.l_i_uid_high = static_cast<uint16_t>(node.uid >> 16);
  inode.i_gid = static_cast<uint16_t>(node.gid);
  inode.osd2.linux2.l_i_gid_high = static_cast<uint16_t>(node.gid >> 16);
  inode.i_extra_isize = sizeof inode - EXT2_GOOD_OLD_INODE_SIZE;
  set_times(inode, node);
  uint64_t blocks = 0;
  for (const Extent& extent : extents) blocks += extent.count;
  inode.i_blocks = static_cast<uint32_t>(blocks * (kBlockBytes / 512));
  uint64_t size = node.size;
  inode.i_links_count = static_cast<uint16_t>(node.links);
  if (node.is_directory()) {
    size = blocks * kBlockBytes;
    inode.i_links_count =
        static_cast<uint16_t>(planned.subfolders > kMostSubfolders ? 1 : 2 + planned.subfolders);
    if (planned.indexed) inode.i_flags |= EXT2_INDEX_FL;
  }
  inode.i_size = static_cast<uint32_t>(size);
  inode.i_size_high = static_cast<uint32_t>(size >> 32);
  if (S_ISLNK(node.mode) && extents.empty()) {
    std::memcpy(inode.i_block, node.target.data(), node.target.size());
  } else if (S_ISCHR(node.mode) || S_ISBLK(node.mode)) {
    set_device(inode, node);
  } else if (!S_ISFIFO(node.mode)) {
    set_extents(inode, extents);
  }
  const errcode_t error = ext2fs_write_inode_full(
      fs_.get(), number, reinterpret_cast<ext2_inode*>(&inode), sizeof inode);
  if (error != 0) return fail_ext2("write an inode of " + area_.path().string(), error);
  return {};
}

Status ImageWriter::write_extents(uint32_t number, const Extents& extents) {
  ext2_extent_handle_t handle = nullptr;
  errcode_t error = ext2fs_extent_open(fs_.get(), number, &handle);
  const std::unique_ptr<std::remove_pointer_t<ext2_extent_handle_t>, decltype(&ext2fs_extent_free)>
      owner(handle, ext2fs_extent_free);
  for (size_t i = 0; error == 0 && i < extents.size(); ++i) {
    ext2fs_extent extent{};
    extent.e_lblk = extents[i].logical;
    extent.e_pblk = extents[i].physical;
    extent.e_len = extents[i].count;
    error = ext2fs_extent_insert(handle, i == 0 ? 0 : EXT2_EXTENT_INSERT_AFTER, &extent);
  }
  if (error != 0)
    return fail_ext2("write the extents of a file in " + area_.path().string(), error);
  return {};
}

Status ImageWriter::write_attributes(uint32_t number, const Planned& planned) {
  ext2_xattr_handle* handle = nullptr;
  errcode_t error = ext2fs_xattrs_open(fs_.get(), number, &handle);
  for (const Attribute& attribute : *node_of(planned).attributes) {
    if (error != 0) break;
    error = ext2fs_xattr_set(handle, attribute.name.c_str(), attribute.value.data(),
                             attribute.value.size());
  }
  if (error == 0) error = ext2fs_xattrs_write(handle);
  ext2fs_xattrs_close(&handle);
  if (error == 0) return {};
  const std::string file = "the attributes of " + in_quotes(tree_.path_of(planned.node));
  if (error == EXT2_ET_EA_NO_SPACE)
    return fail(Code::kCorrupt, file + " take more than the 4 KiB that ext4 has for them");
  return fail_ext2("write " + file, error);
}

Status ImageWriter::finish() {
  errcode_t error = ext2fs_calculate_summary_stats(fs_.get(), 0);
  if (error != 0) return fail_ext2("count the blocks of " + area_.path().string(), error);
  for (uint32_t group = 0; group < geometry_.groups; ++group) {
    // Every table is whole: to leave some uninitialised needs checksums, and those cost the guest
    // more than they save.
    ext2fs_bg_flags_zap(fs_.get(), group);
    ext2fs_bg_itable_unused_set(fs_.get(), group, 0);
  }
  ext2fs_mark_super_dirty(fs_.get());
  ext2fs_mark_bb_dirty(fs_.get());
  ext2fs_mark_ib_dirty(fs_.get());
  ext2_filsys fs = fs_.release();
  error = ext2fs_close2(fs, EXT2_FLAG_FLUSH_NO_SYNC);  // the caller syncs, once
  if (error != 0) {
    ext2fs_free(fs);
    return fail_ext2("write the tables of " + area_.path().string(), error);
  }
  return {};
}

}  // namespace

Status write_ext4_image(const FileTree& tree, DataArea& area, const Digest& identity) {
  return ImageWriter(tree, area, identity).write();
}

}  // namespace bulkhead::storage
