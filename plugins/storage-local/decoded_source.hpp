// A stream with its compression taken off: gzip, zstd or none, told by the first bytes as all image
// tools do (media types are wrong often enough). Exactly one compression is taken off: what is
// inside a second one isn't an image. The encoded stream is read to its very end: whether it is
// what its digest says is known only there.
#pragma once

#include <memory>
#include <optional>

#include "archive_handle.hpp"
#include "byte_source.hpp"
#include "gzip_source.hpp"

namespace bulkhead::storage {

enum class Compression { kNone, kGzip, kZstd, kXz, kBzip2 };

Compression detect_compression(Bytes head);

class DecodedSource : public ByteSource {
 public:
  explicit DecodedSource(ByteSource& encoded) : head_(encoded) {}

  // Reads the head of the stream. Formats other than gzip and zstd are taken off only where `any`
  // says so.
  Status open(bool any = false);
  Compression compression() const { return compression_; }
  Result<Bytes> next() override;

 private:
  // Gives back the bytes that were read to detect the compression.
  class Head : public ByteSource {
   public:
    explicit Head(ByteSource& rest) : rest_(rest) {}
    Status fill();
    Bytes bytes() const { return kept_; }
    Result<Bytes> next() override;

   private:
    ByteSource& rest_;
    std::vector<std::byte> kept_;
    bool given_ = false;
  };

  Status open_filter();
  Result<Bytes> next_of_filter();

  Head head_;
  Compression compression_ = Compression::kNone;
  std::unique_ptr<GzipSource> gzip_;       // ISA-L's compression ...
  std::unique_ptr<ArchiveHandle> filter_;  // ... or libarchive's, or none
  bool ended_ = false;
};

}  // namespace bulkhead::storage
