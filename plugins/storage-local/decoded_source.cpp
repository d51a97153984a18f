#include "decoded_source.hpp"

#include <array>
#include <cstring>

namespace bulkhead::storage {
namespace {

constexpr size_t kHeadBytes = 6;

bool begins_with(Bytes head, std::string_view magic) {
  return head.size() >= magic.size() && std::memcmp(head.data(), magic.data(), magic.size()) == 0;
}

int filter_code(Compression compression) {
  switch (compression) {
    case Compression::kZstd:
      return ARCHIVE_FILTER_ZSTD;
    case Compression::kXz:
      return ARCHIVE_FILTER_XZ;
    case Compression::kBzip2:
      return ARCHIVE_FILTER_BZIP2;
    case Compression::kGzip:
    case Compression::kNone:
      break;
  }
  return ARCHIVE_FILTER_NONE;
}

}  // namespace

Compression detect_compression(Bytes head) {
  using namespace std::string_view_literals;
  if (begins_with(head, "\x1f\x8b"sv)) return Compression::kGzip;
  if (begins_with(head, "\x28\xb5\x2f\xfd"sv)) return Compression::kZstd;
  if (begins_with(head,
                  "\xfd"
                  "7zXZ\0"sv))
    return Compression::kXz;
  if (begins_with(head, "BZh"sv)) return Compression::kBzip2;
  return Compression::kNone;
}

Status DecodedSource::Head::fill() {
  while (kept_.size() < kHeadBytes) {
    Result<Bytes> bytes = rest_.next();
    if (!bytes) return tl::unexpected(std::move(bytes.error()));
    if (bytes->empty()) break;
    kept_.insert(kept_.end(), bytes->begin(), bytes->end());
  }
  return {};
}

Result<Bytes> DecodedSource::Head::next() {
  if (!given_) {
    given_ = true;
    if (!kept_.empty()) return Bytes(kept_);
  }
  return rest_.next();
}

Status DecodedSource::open(bool any) {
  if (Status filled = head_.fill(); !filled) return filled;
  compression_ = detect_compression(head_.bytes());
  if (compression_ == Compression::kNone) return {};
  if (!any && compression_ != Compression::kGzip && compression_ != Compression::kZstd) {
    return fail(Code::kUnsupported,
                "it is compressed with xz or bzip2, and images use gzip or zstd");
  }
  if (compression_ == Compression::kGzip) {
    gzip_ = std::make_unique<GzipSource>(head_);
    return {};
  }
  return open_filter();
}

Status DecodedSource::open_filter() {
  // The "raw" format is libarchive's way to use its filters alone: one member, all bytes.
  filter_ = std::make_unique<ArchiveHandle>(head_);
  archive_read_support_format_raw(filter_->get());
  archive_read_support_format_empty(filter_->get());
  if (archive_read_append_filter(filter_->get(), filter_code(compression_)) != ARCHIVE_OK) {
    return fail(filter_->error());
  }
  if (Status opened = filter_->open(); !opened) return opened;
  archive_entry* entry = nullptr;
  const int found = archive_read_next_header(filter_->get(), &entry);
  if (found == ARCHIVE_OK) return {};
  // libarchive takes a stream of which nothing comes out for an empty one; no archive is that
  // empty.
  if (found == ARCHIVE_EOF)
    return fail(Code::kCorrupt, "its compressed stream ends before anything comes out of it");
  return fail(filter_->error());
}

Result<Bytes> DecodedSource::next() {
  if (ended_) return Bytes{};
  Result<Bytes> bytes = gzip_ ? gzip_->next() : filter_ ? next_of_filter() : head_.next();
  if (!bytes || !bytes->empty()) return bytes;
  ended_ = true;
  // What stands behind the compressed stream is nobody's, but belongs to what the encoded digest is
  // over.
  for (;;) {
    bytes = head_.next();
    if (!bytes || bytes->empty()) return bytes;
  }
}

Result<Bytes> DecodedSource::next_of_filter() {
  const void* block = nullptr;
  size_t size = 0;
  la_int64_t offset = 0;
  for (;;) {
    const int got = archive_read_data_block(filter_->get(), &block, &size, &offset);
    if (got == ARCHIVE_EOF) return Bytes{};
    if (got != ARCHIVE_OK) return fail(filter_->error());
    if (size > 0) return Bytes(static_cast<const std::byte*>(block), size);
  }
}

}  // namespace bulkhead::storage
