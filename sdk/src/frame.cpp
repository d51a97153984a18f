#include "bulkhead/frame.hpp"

#include "bulkhead/fd_message.hpp"
#include "bulkhead/little_endian.hpp"

namespace bulkhead {
namespace {

// Consumed bytes are cut off in bulk: erasing at every frame would move a long buffer once per
// frame.
constexpr size_t kCompactAt = 64 << 10;
constexpr size_t kLargestKept = 1 << 20;

// Descriptors that came without a frame to take them: a peer that sends more than a few is wasting
// our table.
constexpr size_t kMostWaitingFds = 16 * kMaxFdsPerMessage;

}  // namespace

std::string encode_frame(FrameKind kind, uint64_t op, std::string_view body, size_t fd_count) {
  std::string frame;
  frame.reserve(kFrameHeader + body.size());
  put_le(frame, static_cast<uint32_t>(body.size()));
  put_le(frame, static_cast<uint8_t>(kind));
  put_le(frame, static_cast<uint8_t>(fd_count));
  put_le(frame, uint16_t{0});
  put_le(frame, op);
  frame += body;
  return frame;
}

void FrameDecoder::feed(std::string_view bytes, std::vector<UniqueFd> fds) {
  if (broken_) return;
  buffer_ += bytes;
  for (UniqueFd& fd : fds) fds_.push_back(std::move(fd));
  if (fds_.size() > kMostWaitingFds)
    broken_ = Error{Code::kCorrupt, "descriptors without frames", {}};
}

Result<std::optional<Frame>> FrameDecoder::next() {
  const auto broken = [this](std::string_view why) {
    broken_ = Error{Code::kCorrupt, "a frame is not valid: " + std::string(why), {}};
    fds_.clear();
    return fail(*broken_);
  };
  if (broken_) return fail(*broken_);
  const std::string_view rest = std::string_view(buffer_).substr(begin_);
  if (rest.size() < kFrameHeader) return std::optional<Frame>();
  const auto length = get_le<uint32_t>(rest, 0);
  const auto fd_count = get_le<uint8_t>(rest, 5);
  if (length > kLargestFrameBody) return broken("its body is larger than 16 MiB");
  if (get_le<uint16_t>(rest, 6) != 0) return broken("its reserved bytes are not zero");
  if (fd_count > kMaxFdsPerMessage) return broken("more than 16 descriptors");
  if (rest.size() - kFrameHeader < length) return std::optional<Frame>();
  if (fd_count > fds_.size()) return broken("its descriptors are missing");

  Frame frame;
  frame.kind = static_cast<FrameKind>(get_le<uint8_t>(rest, 4));
  frame.op = get_le<uint64_t>(rest, 8);
  frame.body = rest.substr(kFrameHeader, length);
  for (size_t i = 0; i < fd_count; i++) {
    frame.fds.push_back(std::move(fds_.front()));
    fds_.pop_front();
  }
  begin_ += kFrameHeader + length;
  if (begin_ == buffer_.size() || begin_ > kCompactAt) {
    buffer_.erase(0, begin_);
    begin_ = 0;
    // One large body must not cost an idle host its memory for ever.
    if (buffer_.capacity() > kLargestKept && buffer_.size() < kCompactAt) buffer_.shrink_to_fit();
  }
  return std::optional<Frame>(std::move(frame));
}

}  // namespace bulkhead
