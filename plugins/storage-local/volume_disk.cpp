#include "volume_disk.hpp"

#include <unistd.h>

#include <ctime>

#include "ext4_format.hpp"
#include "sparse_copy.hpp"

namespace bulkhead::storage {
namespace {

errcode_t remove_lost_and_found(ext2_filsys fs) {
  ext2_ino_t number = 0;
  if (const errcode_t error = ext2fs_namei(fs, EXT2_ROOT_INO, EXT2_ROOT_INO, "lost+found", &number))
    return error;
  ext2_inode root{}, folder{};
  errcode_t error = ext2fs_unlink(fs, EXT2_ROOT_INO, "lost+found", number, 0);
  if (error == 0) error = ext2fs_punch(fs, number, nullptr, nullptr, 0, ~blk64_t{0});
  if (error == 0) error = ext2fs_read_inode(fs, number, &folder);
  if (error == 0) error = ext2fs_read_inode(fs, EXT2_ROOT_INO, &root);
  if (error != 0) return error;
  folder.i_links_count = 0;
  folder.i_dtime = static_cast<uint32_t>(std::time(nullptr));
  root.i_links_count--;  // its ".."
  error = ext2fs_write_inode(fs, number, &folder);
  if (error == 0) error = ext2fs_write_inode(fs, EXT2_ROOT_INO, &root);
  if (error == 0) ext2fs_inode_alloc_stats2(fs, number, -1, 1);
  return error;
}

uint32_t mount_option(JournalMode mode) {
  switch (mode) {
    case JournalMode::kWriteback:
      return EXT3_DEFM_JMODE_WBACK;
    case JournalMode::kJournal:
      return EXT3_DEFM_JMODE_DATA;
    default:
      return EXT3_DEFM_JMODE_ORDERED;
  }
}

Ext4Format format_of(const VolumeDisk& disk) {
  const uint64_t journal =
      disk.journal_bytes > 0 ? disk.journal_bytes : fitting_journal(disk.bytes);
  const auto finish = [journal, mode = disk.mode.value_or(JournalMode::kOrdered)](ext2_filsys fs) {
    if (journal > 0) {
      fs->super->s_default_mount_opts &= ~uint32_t{EXT3_DEFM_JMODE};
      fs->super->s_default_mount_opts |= mount_option(mode);
      ext2fs_mark_super_dirty(fs);
    }
    return remove_lost_and_found(fs);
  };
  return {disk.bytes, journal, finish};
}

Status check(const VolumeDisk& disk) {
  if (disk.bytes < kLeastVolumeBytes || disk.bytes > kMostVolumeBytes)
    return fail(Code::kInvalid, "a volume has between 1 MiB and 16 TiB, not " +
                                    std::to_string(disk.bytes) + " bytes");
  if (!disk.mode && disk.journal_bytes == 0) return {};
  const uint64_t journal =
      disk.journal_bytes > 0 ? disk.journal_bytes : fitting_journal(disk.bytes);
  if (journal == 0)
    return fail(Code::kInvalid, "a volume of less than 16 MiB has no room for a journal",
                "make it larger, or leave the journal out");
  if (journal < kLeastJournalBytes || journal > disk.bytes / 4)
    return fail(Code::kInvalid, "a journal takes from 4 MiB to a quarter of its volume, not " +
                                    std::to_string(journal) + " of " + std::to_string(disk.bytes) +
                                    " bytes");
  return {};
}

}  // namespace

std::optional<JournalMode> journal_mode(std::string_view name) {
  if (name == "ordered") return JournalMode::kOrdered;
  if (name == "writeback") return JournalMode::kWriteback;
  if (name == "journal") return JournalMode::kJournal;
  return std::nullopt;
}

// The ordinary one has a template, because images make it by themselves while somebody waits for
// a container.
Status make_volume_disk(const Layout& layout, const VolumeDisk& asked, const Path& path) {
  VolumeDisk disk = asked;
  if (Status good = check(disk); !good) return good;
  disk.bytes = disk.bytes / kMiB * kMiB;
  disk.journal_bytes = (disk.journal_bytes + kMiB - 1) / kMiB * kMiB;
  if (disk.bytes != kDefaultVolumeBytes || disk.mode || disk.journal_bytes > 0)
    return make_ext4(path, format_of(disk));
  const Path formatted = layout.templates() / "volume.ext4";
  if (::access(formatted.c_str(), R_OK) != 0) {
    if (Status made = make_ext4(formatted, format_of(disk)); !made) return made;
  }
  return clone_file(formatted, path);
}

}  // namespace bulkhead::storage
