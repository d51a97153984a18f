#include "gzip_source.hpp"

#include <isa-l/igzip_lib.h>

namespace bulkhead::storage {
namespace {

constexpr size_t kOutBytes = 256 * 1024;
constexpr uint8_t kMagic = 0x1f;

}  // namespace

GzipSource::GzipSource(ByteSource& encoded)
    : encoded_(encoded), state_(std::make_unique<inflate_state>()), out_(kOutBytes) {
  isal_inflate_init(state_.get());
}

GzipSource::~GzipSource() = default;

size_t GzipSource::made() const {
  return out_.size() - state_->avail_out;
}

Status GzipSource::refill() {
  Result<Bytes> bytes = encoded_.next();
  if (!bytes) return tl::unexpected(std::move(bytes.error()));
  if (bytes->empty() && place_ == Place::kInside)
    return fail(Code::kCorrupt, "it is truncated: its gzip stream has no end");
  if (bytes->empty()) place_ = Place::kBehind;
  // The library reads only, whatever its type says.
  state_->next_in = reinterpret_cast<uint8_t*>(const_cast<std::byte*>(bytes->data()));
  state_->avail_in = static_cast<uint32_t>(bytes->size());
  return {};
}

void GzipSource::begin_member() {
  first_ = place_ == Place::kBeforeFirst;
  if (!first_ && *state_->next_in != kMagic) {
    place_ = Place::kBehind;
    return;
  }
  isal_inflate_reset(state_.get());
  state_->crc_flag = ISAL_GZIP;
  place_ = Place::kInside;
}

Status GzipSource::inflate() {
  const int done = isal_inflate(state_.get());
  if (done == ISAL_DECOMP_OK) {
    if (state_->block_state == ISAL_BLOCK_FINISH) place_ = Place::kBetween;
    return {};
  }
  const bool no_member = done == ISAL_INVALID_WRAPPER || done == ISAL_UNSUPPORTED_METHOD;
  if (no_member && !first_) {
    place_ = Place::kBehind;
    return {};
  }
  return fail(Code::kCorrupt, done == ISAL_INCORRECT_CHECKSUM
                                  ? "its gzip stream has a wrong checksum"
                                  : "its gzip stream is damaged");
}

Result<Bytes> GzipSource::next() {
  state_->next_out = reinterpret_cast<uint8_t*>(out_.data());
  state_->avail_out = static_cast<uint32_t>(out_.size());
  for (;;) {
    // Also without input: some output may have been left over from the last call.
    if (place_ == Place::kInside) {
      if (Status inflated = inflate(); !inflated)
        return tl::unexpected(std::move(inflated.error()));
    }
    const bool wants_input = state_->avail_in == 0 && place_ != Place::kBehind;
    if (place_ == Place::kBehind || state_->avail_out == 0 || (wants_input && made() > 0))
      return Bytes(out_).first(made());
    if (wants_input) {
      if (Status filled = refill(); !filled) return tl::unexpected(std::move(filled.error()));
    }
    if (place_ == Place::kBeforeFirst || place_ == Place::kBetween) begin_member();
  }
}

}  // namespace bulkhead::storage
