#include "tunnel.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace bulkhead::qemu {
namespace {

constexpr size_t kAhead = 64 << 10;
// Queued for this side's program before the guest has to wait.
constexpr size_t kCongested = 256 << 10;

}  // namespace

Tunnel::Tunnel(loop::Loop& loop, GuestChannel& guest, TunnelBudget& budget, UniqueFd host,
               std::function<void()> ended)
    : guest_(guest), budget_(budget), ended_(loop, [ended = std::move(ended)] {
        const auto call = ended;
        call();
      }) {
  read_end_ = !host;
  if (!host) return;
  host_ = std::make_unique<loop::FdStream>(loop, std::move(host));
  host_->set_callbacks({
      [this](std::string_view bytes, std::vector<UniqueFd>&) { on_read(bytes); },
      [this](const Status&) { cut_off(); },
      [this] { on_written(); },
      [this] { on_read_end(); },
  });
}

Tunnel::~Tunnel() {
  if (stream_ > 0) guest_.abandon(stream_);
  budget_.held -= held_;
}

void Tunnel::open(const std::string& path) {
  const auto stream = guest_.open(path, *this);
  if (!stream) return cut_off();
  stream_ = *stream;
  if (host_) host_->resume();
}

// --- towards the guest ---

void Tunnel::on_read(std::string_view bytes) {
  to_guest_.erase(0, std::exchange(to_guest_sent_, 0));
  to_guest_ += bytes;
  paused_ = to_guest_.size() >= kAhead;
  if (paused_) host_->pause();
  if (stream_ > 0) guest_.resume(stream_);
}

void Tunnel::on_read_end() {
  read_end_ = true;
  if (stream_ > 0) guest_.resume(stream_);
}

H2Exchange::Pulled Tunnel::pull_body(std::span<uint8_t> into) {
  const size_t take = std::min(into.size(), to_guest_.size() - to_guest_sent_);
  std::memcpy(into.data(), to_guest_.data() + to_guest_sent_, take);
  to_guest_sent_ += take;
  if (to_guest_sent_ == to_guest_.size()) {
    to_guest_.clear();
    to_guest_sent_ = 0;
    if (host_ && std::exchange(paused_, false)) host_->resume();
  }
  return {take, read_end_ && to_guest_.empty()};
}

// --- from the guest ---

void Tunnel::on_response(const H2Fields& fields) {
  if (fields.status >= 200 && fields.status <= 299 && host_) return;
  cut_off();
}

void Tunnel::on_body(std::span<const uint8_t> bytes) {
  if (!host_) return;
  held_ += bytes.size();
  budget_.held += bytes.size();
  host_->write(std::string(bytes.begin(), bytes.end()));
  if (host_->queued() <= kCongested) return release();
  if (budget_.held > budget_.most) cut_off();
}

bool Tunnel::on_answer_end() {
  answer_end_ = true;
  if (host_) host_->end_writing();
  return true;
}

void Tunnel::on_end(const Status&) {
  stream_ = 0;
  read_end_ = true;
  if (!host_) return ended_.start(0);
  if (!answer_end_) host_->end_writing();
  host_->pause();
  check_over();
}

// --- ends ---

// queued() is 0.
void Tunnel::on_written() {
  release();
  check_over();
}

void Tunnel::release() {
  const size_t bytes = std::exchange(held_, 0);
  budget_.held -= bytes;
  if (stream_ > 0 && bytes > 0) guest_.consume(stream_, bytes);
}

void Tunnel::cut_off() {
  if (stream_ > 0) guest_.abandon(std::exchange(stream_, 0));
  host_.reset();
  ended_.start(0);
}

void Tunnel::check_over() {
  if (stream_ == 0 && host_->queued() == 0) ended_.start(0);
}

}  // namespace bulkhead::qemu
