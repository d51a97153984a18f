#include "ext4_usage.hpp"

#include <unistd.h>

#include <array>

namespace bulkhead::storage {
namespace {

// Documentation/filesystems/ext4/super.rst: little-endian, 1024 bytes from byte 1024 on.
constexpr size_t kSuperblockBytes = 1024;
constexpr off_t kSuperblockOffset = 1024;
constexpr size_t kBlocks = 0x04, kFreeBlocks = 0x0c, kLogBlockSize = 0x18, kMagic = 0x38;
constexpr size_t kIncompatible = 0x60, kBlocksHigh = 0x150, kFreeBlocksHigh = 0x158;
constexpr size_t kOverhead = 0x248;
constexpr uint64_t kMagicNumber = 0xef53;
constexpr uint64_t k64Bit = 0x80, kNeedsRecovery = 0x4;
constexpr uint64_t kMostLogBlockSize = 6;  // 64 KiB
constexpr uint64_t kMostBlocks = uint64_t{1} << 44;

uint64_t number(Bytes bytes, size_t offset, size_t width) {
  uint64_t value = 0;
  for (size_t i = width; i-- > 0;)
    value = value << 8 | std::to_integer<uint64_t>(bytes[offset + i]);
  return value;
}

uint64_t wide(Bytes bytes, size_t low, size_t high) {
  const bool has_high = (number(bytes, kIncompatible, 4) & k64Bit) != 0;
  return number(bytes, low, 4) | (has_high ? number(bytes, high, 4) << 32 : 0);
}

}  // namespace

std::optional<uint64_t> used_bytes(Bytes superblock) {
  if (superblock.size() < kSuperblockBytes || number(superblock, kMagic, 2) != kMagicNumber)
    return std::nullopt;
  const uint64_t shift = number(superblock, kLogBlockSize, 4);
  const uint64_t blocks = wide(superblock, kBlocks, kBlocksHigh);
  const uint64_t free = wide(superblock, kFreeBlocks, kFreeBlocksHigh);
  const uint64_t overhead = number(superblock, kOverhead, 4);
  if (shift > kMostLogBlockSize || blocks > kMostBlocks || free > blocks ||
      overhead > blocks - free)
    return std::nullopt;
  if ((number(superblock, kIncompatible, 4) & kNeedsRecovery) != 0) return std::nullopt;
  return (blocks - free - overhead) << (10 + shift);
}

std::optional<uint64_t> used_bytes_of_disk(const Path& disk) {
  const Result<UniqueFd> file = open_for_reading(disk);
  if (!file) return std::nullopt;
  std::array<std::byte, kSuperblockBytes> superblock{};
  const ssize_t got = ::pread(file->get(), superblock.data(), superblock.size(), kSuperblockOffset);
  if (got != static_cast<ssize_t>(superblock.size())) return std::nullopt;
  return used_bytes(superblock);
}

}  // namespace bulkhead::storage
