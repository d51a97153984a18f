// Tells a decompression bomb by what has been read and what came out of it, while it comes. Real
// files reach a ratio of a hundred; a thousand times as many bytes, and more than a gigabyte of
// them, are nothing but a way to fill a disk.
#pragma once

#include <string>

#include "byte_source.hpp"
#include "limits.hpp"

namespace bulkhead::storage {

class BombGuard : public ByteSource {
 public:
  BombGuard(ByteSource& decoded, const EncodedSource& encoded, const Limits& limits)
      : decoded_(decoded), encoded_(encoded), limits_(limits) {}

  Result<Bytes> next() override {
    Result<Bytes> bytes = decoded_.next();
    if (!bytes) return bytes;
    total_ += bytes->size();
    if (total_ > limits_.bomb_bytes && total_ / limits_.bomb_ratio > encoded_.consumed()) {
      return fail(Code::kCorrupt, "its first " + std::to_string(encoded_.consumed()) +
                                      " bytes unpack to more than " +
                                      std::to_string(limits_.bomb_ratio) +
                                      " times as many: it is a decompression bomb");
    }
    return bytes;
  }

 private:
  ByteSource& decoded_;
  const EncodedSource& encoded_;
  Limits limits_;
  uint64_t total_ = 0;
};

}  // namespace bulkhead::storage
