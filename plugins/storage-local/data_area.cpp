#include "data_area.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

namespace bulkhead::storage {
namespace {

constexpr size_t kPendingBytes = 2 * kMiB;
constexpr uint64_t kCheckSpaceEvery = 64 * kMiB;
constexpr uint32_t kLongestExtent = 32768;
// From this many zero blocks on, a hole of the file system; below, only one of the host's file. A
// short hole would cost an extent, and the fifth extent of a file costs a block.
constexpr uint32_t kHoleBlocks = 256;

bool all_zero(Bytes block) {
  return block.front() == std::byte{0} &&
         std::memcmp(block.data(), block.data() + 1, block.size() - 1) == 0;
}

}  // namespace

Result<DataArea> DataArea::create(const Path& path, const Limits& limits) {
  Result<UniqueFd> fd = create_file(path);
  if (!fd) return tl::unexpected(std::move(fd.error()));
  if (Status space = check_free_space(fd->get(), limits.host_reserve_bytes, "an image disk");
      !space) {
    ::unlink(path.c_str());
    return tl::unexpected(std::move(space.error()));
  }
  return DataArea(std::move(*fd), path, limits);
}

DataArea::DataArea(UniqueFd fd, Path path, const Limits& limits)
    : fd_(std::move(fd)), path_(std::move(path)), limits_(limits) {
  pending_.reserve(kPendingBytes + kBlockBytes);
  partial_.reserve(kBlockBytes);
}

void DataArea::begin() {
  extents_.clear();
  partial_.clear();
  cursor_ = 0;
  logical_ = 0;
  zero_blocks_ = 0;
}

Status DataArea::write(uint64_t offset, Bytes bytes) {
  if (offset < cursor_) return fail(Code::kCorrupt, "its pieces are out of order");
  if (Status advanced = advance_to(offset); !advanced) return advanced;
  return append(bytes);
}

Result<Extents> DataArea::end(uint64_t size) {
  const uint64_t blocks = (size + kBlockBytes - 1) / kBlockBytes;
  if (Status advanced = advance_to(blocks * kBlockBytes); !advanced)
    return tl::unexpected(std::move(advanced.error()));
  // Zeros at the end need blocks only if they are few: then the extent stays whole.
  if (zero_blocks_ < kHoleBlocks) {
    if (Status placed = place_zeros(); !placed) return tl::unexpected(std::move(placed.error()));
  }
  return std::move(extents_);
}

Status DataArea::advance_to(uint64_t offset) {
  static constexpr std::byte kZeros[kBlockBytes] = {};
  if (offset <= cursor_) return {};
  const uint64_t to_block_end = (kBlockBytes - cursor_ % kBlockBytes) % kBlockBytes;
  if (Status padded = append(Bytes(kZeros, std::min(to_block_end, offset - cursor_))); !padded)
    return padded;
  const uint64_t whole = (offset - cursor_) / kBlockBytes;
  zero_blocks_ += static_cast<uint32_t>(whole);
  cursor_ += whole * kBlockBytes;
  return append(Bytes(kZeros, offset - cursor_));
}

Status DataArea::append(Bytes bytes) {
  cursor_ += bytes.size();
  if (!partial_.empty() || bytes.size() < kBlockBytes) {
    const size_t n = std::min<size_t>(bytes.size(), kBlockBytes - partial_.size());
    partial_.insert(partial_.end(), bytes.begin(), bytes.begin() + static_cast<ptrdiff_t>(n));
    bytes = bytes.subspan(n);
    if (partial_.size() < kBlockBytes) return {};
    if (Status placed = append_blocks(partial_); !placed) return placed;
    partial_.clear();
  }
  const size_t whole = bytes.size() / kBlockBytes * kBlockBytes;
  if (Status placed = append_blocks(bytes.first(whole)); !placed) return placed;
  bytes = bytes.subspan(whole);
  partial_.assign(bytes.begin(), bytes.end());
  return {};
}

Status DataArea::append_blocks(Bytes blocks) {
  for (; !blocks.empty(); blocks = blocks.subspan(kBlockBytes)) {
    const Bytes block = blocks.first(kBlockBytes);
    if (all_zero(block)) {
      ++zero_blocks_;
      continue;
    }
    if (Status placed = place_zeros(); !placed) return placed;
    if (Status placed = place(block); !placed) return placed;
  }
  return {};
}

Status DataArea::place_zeros() {
  const uint32_t count = std::exchange(zero_blocks_, 0);
  if (count >= kHoleBlocks) {
    logical_ += count;
    return {};
  }
  if (count == 0) return {};
  if (Status flushed = flush(); !flushed) return flushed;
  for (uint32_t i = 0; i < count; ++i) map_next_block();
  pending_block_ = next_block_;  // the host's file keeps a hole here
  return {};
}

Status DataArea::place(Bytes block) {
  pending_.insert(pending_.end(), block.begin(), block.end());
  map_next_block();
  return flush_if_full();
}

void DataArea::map_next_block() {
  if (!extents_.empty()) {
    Extent& last = extents_.back();
    if (last.count < kLongestExtent && last.logical + last.count == logical_ &&
        last.physical + last.count == next_block_) {
      ++last.count;
      ++logical_;
      ++next_block_;
      return;
    }
  }
  extents_.push_back({logical_++, 1, next_block_++});
}

Status DataArea::flush_if_full() {
  return pending_.size() < kPendingBytes ? Status{} : flush();
}

Status DataArea::flush() {
  if (pending_.empty()) return {};
  const uint64_t offset = pending_block_ * kBlockBytes;
  if (Status written = write_at(fd_.get(), pending_, offset, path_.string()); !written)
    return written;
  // Asks the host to begin writing now, so that the sync at the end has little left to wait for.
  ::sync_file_range(fd_.get(), static_cast<off_t>(offset), static_cast<off_t>(pending_.size()),
                    SYNC_FILE_RANGE_WRITE);
  unchecked_bytes_ += pending_.size();
  pending_.clear();
  pending_block_ = next_block_;
  if (unchecked_bytes_ < kCheckSpaceEvery) return {};
  unchecked_bytes_ = 0;
  return check_free_space(fd_.get(), limits_.host_reserve_bytes, "an image disk");
}

Status DataArea::release(const Extents& extents) {
  if (extents.empty()) return {};
  if (Status flushed = flush(); !flushed) return flushed;
  for (const Extent& extent : extents) {
    // Where the host's file system can't punch holes, the bytes stay and nothing refers to them.
    ::fallocate(fd_.get(), FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
                static_cast<off_t>(extent.physical * kBlockBytes),
                static_cast<off_t>(extent.count * kBlockBytes));
  }
  return {};
}

}  // namespace bulkhead::storage
