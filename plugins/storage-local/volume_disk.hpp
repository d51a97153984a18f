// The disk of a volume: a sparse ext4 file system whose root belongs to the guest's root and is
// empty. There is no lost+found, because programs that want an empty folder for their data (such as
// PostgreSQL) refuse one that has it; e2fsck makes it again when it has something to put there.
//
// It has a journal unless it is too small for one (less than 16 MiB): without one, a machine that
// is killed may leave a file system that nobody can mount.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "bulkhead/result.hpp"
#include "file_io.hpp"
#include "layout.hpp"
#include "limits.hpp"

namespace bulkhead::storage {

inline constexpr uint64_t kDefaultVolumeBytes = 512 * kGiB;
inline constexpr uint64_t kLeastVolumeBytes = kMiB;
inline constexpr uint64_t kMostVolumeBytes = 16 * 1024 * kGiB;

// What goes through the journal besides metadata. It is written into the superblock, so that a
// plain mount obeys it.
enum class JournalMode : uint8_t {
  kOrdered,    // data is on disk before what refers to it
  kWriteback,  // in any order: faster, and after a crash a file may have old contents
  kJournal,    // data too, written twice
};
std::optional<JournalMode> journal_mode(std::string_view name);

struct VolumeDisk {
  uint64_t bytes = kDefaultVolumeBytes;
  std::optional<JournalMode> mode = std::nullopt;  // none: ordered, if there is room for a journal
  uint64_t journal_bytes = 0;                      // 0: what fits the size
};

Status make_volume_disk(const Layout& layout, const VolumeDisk& disk, const Path& path);

}  // namespace bulkhead::storage
