// gzip taken off by ISA-L, in less than half the time of zlib: most layers are gzip, and
// taking it off is most of the work of unpacking them. Members that follow each other are one
// stream, as gzip has it; what else stands behind the last one is ignored, as gzip itself does. A
// stream that ends within a member is kCorrupt, and so is one whose checksum is wrong.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "byte_source.hpp"

struct inflate_state;

namespace bulkhead::storage {

class GzipSource : public ByteSource {
 public:
  explicit GzipSource(ByteSource& encoded);
  ~GzipSource() override;
  Result<Bytes> next() override;

 private:
  enum class Place { kBeforeFirst, kBetween, kInside, kBehind };

  Status refill();      // of input; kBehind at the stream's end
  void begin_member();  // if the next byte may be one's first
  Status inflate();     // as far as input and output reach
  size_t made() const;  // bytes of output

  ByteSource& encoded_;
  std::unique_ptr<inflate_state> state_;
  std::vector<std::byte> out_;
  Place place_ = Place::kBeforeFirst;
  bool first_ = true;  // the member at hand is
};

}  // namespace bulkhead::storage
