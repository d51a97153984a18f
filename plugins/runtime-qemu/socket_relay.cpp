#include "socket_relay.hpp"

#include <utility>

#include "bulkhead/unix_socket.hpp"
#include "host_clock.hpp"

namespace bulkhead::qemu {
namespace {

// A listener whose queue is full is asked again, for five seconds in all.
constexpr uint64_t kRetryMs = 20;
constexpr int64_t kPatienceUs = 5'000'000;

}  // namespace

SocketRelay::SocketRelay(loop::Loop& loop, std::vector<Socket> sockets,
                         std::function<void(std::string_view)> remark)
    : loop_(loop),
      sockets_(std::move(sockets)),
      remark_(std::move(remark)),
      unheard_(sockets_.size(), false),
      notices_([this](const SocketNotice& notice) { on_notice(notice); }),
      admit_timer_(loop, [this] { admit(); }) {}

SocketRelay::~SocketRelay() {
  tunnels_.clear();
  if (guest_ && notices_stream_ > 0) guest_->abandon(notices_stream_);
}

Status SocketRelay::listen() {
  for (size_t id = 0; id < sockets_.size(); ++id) {
    if (sockets_[id].direction != Socket::Direction::kToGuest) continue;
    auto socket = PublishedSocket::create(sockets_[id].host, sockets_[id].mode);
    if (!socket) {
      published_.clear();
      return fail(std::move(socket.error()));
    }
    published_[id] = std::move(*socket);
  }
  return {};
}

void SocketRelay::serve(GuestChannel& guest) {
  guest_ = &guest;
  accept_or_pause();
  if (published_.size() == sockets_.size()) return;
  const auto stream = guest.open("/v1/sockets", *this, "GET");
  if (stream) notices_stream_ = *stream;
}

void SocketRelay::end() {
  guest_ = nullptr;
  notices_stream_ = 0;
  published_.clear();
  arrivals_.clear();
  admit_timer_.stop();
}

// --- the guest's connections to this side ---

void SocketRelay::on_body(std::span<const uint8_t> bytes) {
  unconsumed_ += bytes.size();
  if (answer_status_ != 200) return;  // never consumed: an error fits into the window
  if (auto fed = notices_.feed(bytes); !fed) return give_up_notices(fed.error().message);
  admit_timer_.start(0);
}

void SocketRelay::on_end(const Status&) {
  notices_stream_ = 0;
  if (answer_status_ != 200 && answer_status_ != 0) {
    give_up_notices("the guest answers with status " + std::to_string(answer_status_));
  }
}

void SocketRelay::give_up_notices(const std::string& why) {
  if (guest_ && notices_stream_ > 0) guest_->abandon(std::exchange(notices_stream_, 0));
  remark_("the container's connections to sockets of this host don't work: " + why);
}

void SocketRelay::on_notice(const SocketNotice& notice) {
  const bool known = notice.socket < sockets_.size() &&
                     sockets_[notice.socket].direction == Socket::Direction::kToHost;
  if (known) arrivals_.push_back({notice});
}

// As many as there is room for; the guest is asked for more when nobody waits any longer.
void SocketRelay::admit() {
  if (!guest_) return;
  for (size_t left = arrivals_.size(); left > 0 && !full(); --left) {
    Arrival arrival = arrivals_.front();
    arrivals_.pop_front();
    if (!admit_from_guest(arrival)) arrivals_.push_back(arrival);
  }
  if (arrivals_.empty() && notices_stream_ > 0 && unconsumed_ > 0) {
    guest_->consume(notices_stream_, std::exchange(unconsumed_, 0));
  }
  if (!arrivals_.empty() && !full()) admit_timer_.start(kRetryMs);
  accept_or_pause();
}

// False if it must be tried again.
bool SocketRelay::admit_from_guest(Arrival& arrival) {
  const size_t id = arrival.notice.socket;
  auto host = connect_unix_at_once(sockets_[id].host);
  if (arrival.until_us == 0) arrival.until_us = ticks_us() + kPatienceUs;
  const bool busy = !host && host.error().code == Code::kRetry;
  if (busy && ticks_us() < arrival.until_us) return false;
  const bool heard = host.has_value();
  if (!heard && !unheard_[id]) {
    remark_("the container's socket " + sockets_[id].guest + ": " + host.error().message);
  }
  unheard_[id] = !heard;
  open_tunnel(heard ? std::move(*host) : UniqueFd(),
              "/v1/sockets/connections/" + std::to_string(arrival.notice.connection));
  return true;
}

// --- this side's connections to the guest ---

void SocketRelay::accept_or_pause() {
  for (auto& [id, socket] : published_) {
    if (full() || !guest_) {
      socket->pause();
      continue;
    }
    socket->accept(loop_, [this, path = "/v1/sockets/" + std::to_string(id) +
                                        "/connect"](UniqueFd connection) {
      open_tunnel(std::move(connection), path);
      if (full()) accept_or_pause();
    });
  }
}

void SocketRelay::open_tunnel(UniqueFd host, const std::string& path) {
  const uint64_t number = next_tunnel_++;
  auto tunnel = std::make_unique<Tunnel>(loop_, *guest_, budget_, std::move(host), [this, number] {
    tunnels_.erase(number);
    admit_timer_.start(0);
  });
  Tunnel& opened = *tunnel;
  tunnels_.emplace(number, std::move(tunnel));
  opened.open(path);
}

}  // namespace bulkhead::qemu
