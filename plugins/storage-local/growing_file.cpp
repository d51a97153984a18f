#include "growing_file.hpp"

#include <fcntl.h>

namespace bulkhead::storage {
namespace {

constexpr uint64_t kWriteBackEvery = 8 * kMiB;
constexpr uint64_t kCheckSpaceEvery = 64 * kMiB;

}  // namespace

GrowingFile::GrowingFile(UniqueFd fd, Path path, const Limits& limits, uint64_t size)
    : fd_(std::move(fd)),
      path_(std::move(path)),
      reserve_(limits.host_reserve_bytes),
      size_(size),
      begun_(size),
      checked_(size) {}

Status GrowingFile::check_space(uint64_t needed) const {
  return check_free_space(fd_.get(), reserve_, "an image", needed);
}

Status GrowingFile::write(Bytes bytes) {
  if (Status written = write_at(fd_.get(), bytes, size_, path_.string()); !written) return written;
  size_ += bytes.size();
  if (size_ - begun_ >= kWriteBackEvery) write_back();
  if (size_ - checked_ < kCheckSpaceEvery) return {};
  checked_ = size_;
  return check_space();
}

void GrowingFile::write_back() {
  ::sync_file_range(fd_.get(), static_cast<off_t>(begun_), static_cast<off_t>(size_ - begun_),
                    SYNC_FILE_RANGE_WRITE);
  begun_ = size_;
}

}  // namespace bulkhead::storage
