// A file that content streams into. It is written back as it grows, so that the sync at its end has
// little left to wait for, and a disk that gets full is noticed while there is still room for the
// service itself.
#pragma once

#include "bulkhead/unique_fd.hpp"
#include "digest.hpp"
#include "file_io.hpp"
#include "limits.hpp"

namespace bulkhead::storage {

class GrowingFile {
 public:
  // Goes on behind the `size` bytes that the file has.
  GrowingFile(UniqueFd fd, Path path, const Limits& limits, uint64_t size = 0);

  // Is there room for this much more?
  Status check_space(uint64_t needed = 0) const;
  Status write(Bytes bytes);
  void write_back();

  int fd() const { return fd_.get(); }
  uint64_t size() const { return size_; }

 private:
  UniqueFd fd_;
  Path path_;
  uint64_t reserve_;
  uint64_t size_, begun_, checked_;
};

}  // namespace bulkhead::storage
