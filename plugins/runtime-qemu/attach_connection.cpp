#include "attach_connection.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace bulkhead::qemu {
namespace {

constexpr size_t kStdinAhead = 64 << 10;
// How long a client may take to close its side once it has been sent everything.
constexpr uint64_t kFarewellMs = 250;

}  // namespace

AttachConnection::AttachConnection(loop::Loop& loop, UniqueFd fd, Callbacks callbacks)
    : callbacks_(std::move(callbacks)),
      later_(loop, [this] { take_frames(); }),
      giving_up_(loop, [this] { on_closed(); }),
      stream_(loop, std::move(fd)) {
  stream_.set_callbacks({
      [this](std::string_view bytes, std::vector<UniqueFd>&) { on_bytes(bytes); },
      [this](const Status&) { on_closed(); },
      [this] { on_drained(); },
      [this] { on_finished(); },
  });
}

void AttachConnection::begin() {
  stream_.resume();
}

void AttachConnection::send(LogStream stream, std::string_view bytes) {
  if (finishing_) return;
  std::string out;
  out.reserve(bytes.size() + kStreamFrameHeader);
  append_stream_frames(out, static_cast<StreamType>(stream), bytes);
  stream_.write(std::move(out));
  was_congested_ = was_congested_ || congested();
}

void AttachConnection::send_control(const Json& message) {
  std::string out;
  append_stream_frames(out, StreamType::kControl, dump_json(message));
  stream_.write(std::move(out));
}

void AttachConnection::finish(const Json& last) {
  if (finishing_) return;
  send_control(last);
  finishing_ = true;
  stdin_.clear();
  stream_.end_writing();
  stream_.resume();  // to see the client go; what it still sends is dropped
  if (stream_.queued() == 0) giving_up_.start(kFarewellMs);
}

void AttachConnection::on_bytes(std::string_view bytes) {
  if (finishing_) return;
  decoder_.feed(bytes);
  take_frames();
}

void AttachConnection::on_closed() {
  stdin_end_ = true;
  const auto gone = callbacks_.gone;
  gone();
}

// The client sends no more. It may still read, so only its standard input ends here; whether it has
// gone altogether is for the next write to find out.
void AttachConnection::on_finished() {
  if (finishing_ && stream_.queued() == 0) return on_closed();
  stdin_end_ = true;
  const auto ready = callbacks_.stdin_ready;
  ready();
}

void AttachConnection::on_drained() {
  if (finishing_) giving_up_.start(kFarewellMs);
  if (!std::exchange(was_congested_, false)) return;
  const auto room = callbacks_.room;
  room();
}

// Takes frames as long as somebody is ready for them, and reads on only then.
void AttachConnection::take_frames() {
  const size_t before = stdin_.size();
  const bool ended_before = stdin_end_;
  while (!in_control_ && !finishing_ && stdin_.size() < kStdinAhead) {
    auto frame = decoder_.next();
    if (!frame) return refuse(frame.error().message);
    if (!*frame) break;
    take_frame(**frame);
  }
  if (in_control_ || stdin_.size() >= kStdinAhead) {
    stream_.pause();
  } else {
    stream_.resume();
  }
  if (stdin_.size() != before || stdin_end_ != ended_before) {
    const auto ready = callbacks_.stdin_ready;
    ready();
  }
}

void AttachConnection::take_frame(const StreamFrame& frame) {
  switch (frame.type) {
    case StreamType::kStdin:
      if (frame.body.empty()) stdin_end_ = true;
      if (!stdin_end_) stdin_ += frame.body;
      return;
    case StreamType::kControl: {
      auto message = parse_json(frame.body);
      if (!message || !message->is_object())
        return refuse("a control frame that is no JSON object");
      in_control_ = true;
      const auto control = callbacks_.control;
      control(*message);
      return;
    }
    default:
      return refuse("a frame of a type that only the container sends");
  }
}

void AttachConnection::refuse(const std::string& why) {
  finish({{"error",
           {{"code", static_cast<int>(Code::kInvalid)},
            {"message", "the attached client sent " + why}}}});
  const auto ready = callbacks_.stdin_ready;  // the end of it
  ready();
}

size_t AttachConnection::take_stdin(std::span<uint8_t> into) {
  const size_t take = std::min(into.size(), stdin_.size() - stdin_taken_);
  std::memcpy(into.data(), stdin_.data() + stdin_taken_, take);
  stdin_taken_ += take;
  if (stdin_taken_ < stdin_.size()) return take;
  stdin_.clear();
  stdin_taken_ = 0;
  if (!finishing_) later_.start(0);
  return take;
}

void AttachConnection::control_done() {
  in_control_ = false;
  later_.start(0);
}

}  // namespace bulkhead::qemu
