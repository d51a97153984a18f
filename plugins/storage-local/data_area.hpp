// Where the contents of an image's files go: straight into the disk file, one after the other,
// while the layers stream by and long before the file system around them is known. So every byte of
// a layer is decompressed once and written once, and each file lies in one piece. The file system
// is written around the data at the end (ext4_image.hpp).
//
// Block numbers are those of the finished file system. The first kFirstBlock blocks stay free for
// the superblock and the group descriptors. Blocks of zeros are not written but left as holes of
// the host's file; long runs of them get no blocks of the file system either. What a later layer
// deletes is punched out and its blocks stay free: nothing moves.
#pragma once

#include <cstdint>
#include <vector>

#include "bulkhead/unique_fd.hpp"
#include "file_io.hpp"
#include "limits.hpp"

namespace bulkhead::storage {

inline constexpr uint64_t kBlockBytes = 4096;

struct Extent {
  uint32_t logical;   // first block within the file
  uint32_t count;     // 1..32768, as ext4 has it
  uint64_t physical;  // first block of the file system
};
using Extents = std::vector<Extent>;

class DataArea {
 public:
  // Room for the descriptors of 2^12 groups, 512 GiB: twice what Limits::image_bytes admits.
  static constexpr uint64_t kFirstBlock = 128;

  static Result<DataArea> create(const Path& path, const Limits& limits);

  // One file at a time: begin, write pieces in order (gaps are zeros), end.
  void begin();
  Status write(uint64_t offset, Bytes bytes);
  Result<Extents> end(uint64_t size);

  Status release(const Extents& extents);  // a later layer has deleted them
  Status flush();

  uint64_t next_block() const { return next_block_; }
  int fd() const { return fd_.get(); }
  const Path& path() const { return path_; }

 private:
  DataArea(UniqueFd fd, Path path, const Limits& limits);
  Status advance_to(uint64_t offset);  // zeros up to there
  Status append(Bytes bytes);          // at cursor_
  Status append_blocks(Bytes blocks);  // whole blocks
  Status place_zeros();                // those that were held back
  Status place(Bytes block);
  void map_next_block();
  Status flush_if_full();

  UniqueFd fd_;
  Path path_;
  Limits limits_;
  uint64_t next_block_ = kFirstBlock;  // where the next block of data goes
  uint64_t unchecked_bytes_ = 0;       // written since the host's free space was last looked at

  std::vector<std::byte> pending_;  // blocks before next_block_ that aren't written yet
  uint64_t pending_block_ = kFirstBlock;

  // The file at hand.
  Extents extents_;
  uint64_t cursor_ = 0;             // bytes seen, partial_ included
  uint32_t logical_ = 0;            // blocks placed or skipped
  uint32_t zero_blocks_ = 0;        // blocks of zeros held back
  std::vector<std::byte> partial_;  // less than a block
};

}  // namespace bulkhead::storage
