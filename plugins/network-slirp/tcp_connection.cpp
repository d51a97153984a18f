#include "tcp_connection.hpp"

#include <sys/epoll.h>
#include <sys/random.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>

namespace bulkhead::net {
namespace {

using namespace std::chrono_literals;

constexpr uint8_t kOurScale = 5;
constexpr uint32_t kMostWithoutScale = 65535;
// More than this is acknowledged at once.
constexpr uint32_t kAcknowledgeAt = 128 << 10;
// A member that is over its limit still moves, in steps of this.
constexpr uint32_t kStep = 4096;
// What is shorter is copied, so that small pieces don't hold big buffers.
constexpr size_t kShort = 16 << 10;
constexpr size_t kMostSpare = 32;
// Segments get lost only in a container that is out of memory or whose server hasn't accepted those
// before: nobody gains from waiting ever longer.
constexpr auto kOpeningWait = 250ms, kFirstWait = 1000ms, kLongestWait = 4000ms;
constexpr auto kPatience = 75s;  // for an answer to a SYN, on either side
constexpr int kMostTries = 120;  // about eight minutes, once it is open
constexpr int kSameForLoss = 3;

bool before(uint32_t a, uint32_t b) {
  return static_cast<int32_t>(a - b) < 0;
}

uint32_t first_number() {
  uint32_t number = 0;
  if (::getrandom(&number, sizeof number, GRND_NONBLOCK) != sizeof number)
    number = static_cast<uint32_t>(TcpConnection::Clock::now().time_since_epoch().count());
  return number;
}

// Buffers for a segment of any size, used again and again: new ones would be pages that the kernel
// clears first. Those of one thread.
std::vector<Buffer>& spare() {
  static thread_local std::vector<Buffer> buffers;
  return buffers;
}

Buffer take_buffer() {
  std::vector<Buffer>& buffers = spare();
  if (buffers.empty()) return Buffer(kTcpRoom + kMaxFrame);
  Buffer taken = std::move(buffers.back());
  buffers.pop_back();
  return taken;
}

void give_back(Buffer buffer) {
  if (buffer.size() == kTcpRoom + kMaxFrame && spare().size() < kMostSpare)
    spare().push_back(std::move(buffer));
}

}  // namespace

uint32_t TcpConnection::Sent::end() const {
  const bool counted = (flags & (kSyn | kFin)) != 0;
  return seq + static_cast<uint32_t>(size - kTcpRoom) + (counted ? 1 : 0);
}

TcpConnection::TcpConnection(const Wire& wire, UniqueFd socket, const Packet& syn)
    : wire_(wire),
      socket_(std::move(socket)),
      state_(State::kConnecting),
      begun_(Clock::now()),
      acknowledged_(first_number()),
      next_(acknowledged_),
      expected_(syn.seq + 1),
      syn_(syn.frame.begin(), syn.frame.end()) {
  open_answered(syn);
}

TcpConnection::TcpConnection(const Wire& wire, UniqueFd socket)
    : wire_(wire),
      socket_(std::move(socket)),
      state_(State::kAsking),
      begun_(Clock::now()),
      acknowledged_(first_number()),
      next_(acknowledged_) {
  scaled_ = true;  // as far as the offer goes
  send_syn();
}

TcpConnection::~TcpConnection() {
  end(true);
}

// What the member's SYN says about how it wants to be spoken to.
void TcpConnection::open_answered(const Packet& packet) {
  const TcpOffer offer = read_offer(packet);
  const auto own = static_cast<uint32_t>(wire_.mtu - (wire_.ends.source.v6 ? 60 : 40));
  biggest_ = std::clamp<uint32_t>(offer.biggest, 64, std::max<uint32_t>(own, 64));
  scaled_ = offer.scale != kNoScale;
  scale_ = scaled_ ? offer.scale : 0;
  expected_ = window_end_ = packet.seq + 1;
  window_ = window_of(packet);  // never scaled in a SYN
}

// --- from the host

void TcpConnection::socket_ready(uint32_t events) {
  if (ended()) return;
  int error = 0;
  socklen_t size = sizeof error;
  if ((events & (EPOLLERR | EPOLLHUP)) != 0)
    ::getsockopt(socket_.get(), SOL_SOCKET, SO_ERROR, &error, &size);
  if (state_ == State::kConnecting) {
    if (error != 0 || (events & EPOLLOUT) != 0) connected(error);
    return;
  }
  if (error != 0) {
    reset_member();
    return end(true);
  }
  if ((events & (EPOLLRDHUP | EPOLLHUP)) != 0) hung_up_ = true;
  if ((events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP)) != 0) readable_ = true;
  if ((events & EPOLLOUT) != 0) drain();
  pump();
}

void TcpConnection::connected(int error) {
  const auto syn = parse_packet(syn_);
  if (error == 0) {
    state_ = State::kAnswering;
    syn_ = {};
    return send_syn();
  }
  if (syn) {
    const Mac mac = wire_.ends.source_mac;
    wire_.member->socket->send(error == ECONNREFUSED ? build_refusal(*syn, mac, wire_.gateway)
                                                     : build_unreachable(*syn, mac, wire_.gateway));
  }
  end(true);
}

void TcpConnection::pump() {
  if (state_ != State::kOpen) return;
  waits_for_cable_ = false;
  while (readable_ && !read_to_end_) {
    if (wire_.member->socket->queued() > 0) {
      waits_for_cable_ = true;
      break;
    }
    const uint32_t most = may_read();
    if (most == 0 || !read_some(most)) break;
  }
  if (ended() || !read_to_end_ || fin_sent_) return;
  fin_sent_ = true;
  send_kept(Buffer(kTcpRoom), kTcpRoom, kFin | kAck);
}

// 0: not now; an acknowledgement will call again.
uint32_t TcpConnection::may_read() const {
  const bool poor = wire_.member->tcp_bytes > kMostOfMember;
  const uint32_t limit = std::min(window_, poor ? kStep : kMostUnacknowledged);
  if (in_flight() >= limit) return 0;
  const uint32_t room = std::min(limit - in_flight(), biggest_);
  // Small pieces of a window that is being used up would only be more frames.
  if (in_flight() > 0 && room < std::min(biggest_, limit / 2)) return 0;
  return room;
}

bool TcpConnection::read_some(uint32_t most) {
  Buffer room = take_buffer();
  const ssize_t size = ::recv(socket_.get(), room.data() + kTcpRoom, most, MSG_DONTWAIT);
  if (size <= 0) {
    give_back(std::move(room));
    if (size == 0) {
      read_to_end_ = true;
      return false;
    }
    if (errno == EINTR) return true;
    readable_ = false;
    if (errno == EAGAIN) return false;
    reset_member();
    end(true);
    return false;
  }
  // Less than there was room for is all there is; the next bytes are another event.
  if (static_cast<uint32_t>(size) < most && !hung_up_) readable_ = false;
  const size_t all = kTcpRoom + static_cast<size_t>(size);
  if (all < kShort) {
    Buffer exact(room.begin(), room.begin() + static_cast<ptrdiff_t>(all));
    give_back(std::move(room));
    room = std::move(exact);
  }
  send_kept(std::move(room), all, kAck | kPsh);
  return true;
}

// --- to the member

void TcpConnection::send_kept(Buffer room, size_t size, uint8_t flags) {
  if (sent_.empty()) {
    tries_ = 0;
    again_ = Clock::now() + (state_ == State::kOpen ? kFirstWait : kOpeningWait);
  }
  of_member_ += room.size();
  wire_.member->tcp_bytes += room.size();
  Sent& sent = sent_.emplace_back(Sent{std::move(room), size, next_, flags});
  next_ = sent.end();
  transmit(std::span(sent.data).first(size), sent.seq, flags);
}

void TcpConnection::send_syn() {
  send_kept(Buffer(kTcpRoom), kTcpRoom,
            state_ == State::kAsking ? uint8_t{kSyn} : uint8_t{kSyn | kAck});
}

void TcpConnection::transmit(std::span<uint8_t> room, uint32_t seq, uint8_t flags) {
  TcpHead head;
  head.ends = wire_.ends;
  head.source_port = wire_.other_port;
  head.destination_port = wire_.member_port;
  head.seq = seq;
  head.flags = flags;
  TcpOffer offer;
  const uint32_t window = offered();
  if ((flags & kAck) != 0) {
    head.ack = expected_;
    unacknowledged_ = 0;
    owes_ = Owes::kNothing;
    if (before(window_end_, expected_ + window)) window_end_ = expected_ + window;
  }
  if ((flags & kSyn) != 0) {
    offer.biggest = static_cast<uint16_t>(wire_.mtu - (wire_.ends.source.v6 ? 60 : 40));
    offer.scale = scaled_ ? kOurScale : kNoScale;
    head.offer = &offer;
    head.window = static_cast<uint16_t>(std::min(window, kMostWithoutScale));
  } else {
    head.window = static_cast<uint16_t>(window >> (scaled_ ? kOurScale : 0));
  }
  wire_.member->socket->send(write_segment(room, head));
}

// A segment that nobody has to acknowledge.
void TcpConnection::say(uint32_t seq, uint8_t flags) {
  uint8_t room[kTcpRoom];
  transmit(room, seq, flags);
}

void TcpConnection::acknowledge() {
  if (ended() || owes_ == Owes::kNothing) return;
  say(next_, kAck);
}

void TcpConnection::send_again() {
  if (sent_.empty()) return;
  Sent& oldest = sent_.front();
  transmit(std::span(oldest.data).first(oldest.size), oldest.seq, oldest.flags);
}

// A number that has been acknowledged makes the member say where it is.
void TcpConnection::probe() {
  say(acknowledged_ - 1, kAck);
}

void TcpConnection::reset_member() {
  if (state_ == State::kConnecting || ended()) return;
  say(next_, state_ == State::kAsking ? uint8_t{kRst} : uint8_t{kRst | kAck});
}

// --- from the member

void TcpConnection::segment(const Packet& packet) {
  if (ended() || state_ == State::kConnecting) return;
  const uint8_t flags = packet.tcp_flags;
  const bool acks_us = (flags & kAck) != 0 && packet.ack == next_;
  if ((flags & kRst) != 0) {
    const bool ours =
        state_ == State::kAsking ? acks_us : packet.seq - expected_ <= window_end_ - expected_;
    if (ours) end(true);
    return;
  }
  if (state_ == State::kAsking) {
    if (!acks_us) {
      // A connection of the same ends that only the member still knows.
      if ((flags & kAck) != 0)
        wire_.member->socket->send(build_refusal(packet, wire_.ends.source_mac, wire_.gateway));
      return;
    }
    if ((flags & kSyn) == 0) return;
    open_answered(packet);
    if (!take_acknowledgement(packet)) return;
    owes_ = Owes::kNow;
    state_ = State::kOpen;
    readable_ = true;
    return pump();
  }
  if ((flags & kSyn) != 0) {  // said twice, or by somebody who has forgotten everything
    if (state_ == State::kAnswering) return send_again();
    owes_ = Owes::kNow;
    return;
  }
  if ((flags & kAck) == 0 || !take_acknowledgement(packet)) return;
  if (state_ == State::kAnswering) {
    if (in_flight() != 0) return;
    state_ = State::kOpen;
    readable_ = true;
  }
  take_data(packet);
  if (ended()) return;
  pump();
  finish();
}

bool TcpConnection::take_acknowledgement(const Packet& packet) {
  if (before(next_, packet.ack)) {  // of what was never sent
    owes_ = Owes::kNow;
    return false;
  }
  if (before(packet.ack, acknowledged_)) return true;  // an old one
  const bool syn = (packet.tcp_flags & kSyn) != 0;
  const uint32_t window = syn ? window_ : uint32_t{window_of(packet)} << scale_;
  if (packet.ack != acknowledged_) {
    acknowledged_ = packet.ack;
    while (!sent_.empty() && !before(acknowledged_, sent_.front().end())) {
      const size_t size = sent_.front().data.size();
      of_member_ -= size;
      wire_.member->tcp_bytes -= size;
      give_back(std::move(sent_.front().data));
      sent_.pop_front();
    }
    same_ = tries_ = 0;
    again_ = Clock::now() + kFirstWait;
  } else if (in_flight() > 0 && window == window_ && packet.data == packet.frame.size() &&
             ++same_ == kSameForLoss) {
    send_again();
  }
  if (in_flight() == 0) tries_ = std::min(tries_, 1);  // it is there, and has no room
  window_ = window;
  return true;
}

void TcpConnection::take_data(const Packet& packet) {
  Bytes data = packet.data_bytes();
  bool fin = (packet.tcp_flags & kFin) != 0;
  if (before(expected_, packet.seq)) {  // ahead of its turn
    owes_ = Owes::kNow;
    return;
  }
  const uint32_t known = expected_ - packet.seq;
  if (known > 0) {
    // Said before, as it is when somebody asks whether we are there.
    owes_ = Owes::kNow;
    if (known > data.size() || (known == data.size() && !fin)) return;
    data = data.subspan(known);
  }
  if ((data.empty() && !fin) || member_fin_) return;
  const uint32_t room = window_end_ - expected_;
  if (data.size() > room) {
    data = data.first(room);
    fin = false;
    owes_ = Owes::kNow;
  }
  expected_ += static_cast<uint32_t>(data.size());
  unacknowledged_ += static_cast<uint32_t>(data.size());
  if (unacknowledged_ >= kAcknowledgeAt) {
    owes_ = Owes::kNow;
  } else if (owes_ == Owes::kNothing) {
    owes_ = Owes::kSoon;
  }
  if (fin) {
    expected_++;
    member_fin_ = true;
    owes_ = Owes::kNow;
  }
  into_socket(data);
}

void TcpConnection::into_socket(Bytes bytes) {
  if (kept_from_ == kept_.size() && !bytes.empty()) {
    const ssize_t size =
        ::send(socket_.get(), bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (size >= 0) {
      bytes = bytes.subspan(static_cast<size_t>(size));
    } else if (errno != EAGAIN && errno != EINTR) {
      reset_member();
      return end(true);
    }
  }
  if (!bytes.empty()) {
    if (kept_from_ > kept_.size() / 2) {
      kept_.erase(kept_.begin(), kept_.begin() + static_cast<ptrdiff_t>(kept_from_));
      kept_from_ = 0;
    }
    append(kept_, bytes);
    of_member_ += bytes.size();
    wire_.member->tcp_bytes += bytes.size();
    return;
  }
  drain();
}

// What was kept goes into the socket; after the last byte the member's end does.
void TcpConnection::drain() {
  while (kept_from_ < kept_.size()) {
    const ssize_t size = ::send(socket_.get(), kept_.data() + kept_from_, kept_.size() - kept_from_,
                                MSG_DONTWAIT | MSG_NOSIGNAL);
    if (size < 0) {
      if (errno == EINTR) continue;
      if (errno == EAGAIN) return;
      reset_member();
      return end(true);
    }
    kept_from_ += static_cast<size_t>(size);
    of_member_ -= static_cast<size_t>(size);
    wire_.member->tcp_bytes -= static_cast<size_t>(size);
    if (kept_from_ == kept_.size()) {
      kept_ = {};
      kept_from_ = 0;
    }
    offer_more();
  }
  if (member_fin_ && !socket_shut_) {
    socket_shut_ = true;
    ::shutdown(socket_.get(), SHUT_WR);
    finish();
  }
}

// The member may be waiting to hear of room that it doesn't know of.
void TcpConnection::offer_more() {
  const uint32_t most = scaled_ ? kMostKept : kMostWithoutScale;
  const uint32_t known = window_end_ - expected_;
  const uint32_t room = offered();
  if (room - known < most / 2 && !(kept_.empty() && known < most / 2 && room > known)) return;
  owes_ = Owes::kNow;
  acknowledge();
}

// How much the member may send; what was once offered isn't taken back.
uint32_t TcpConnection::offered() const {
  const auto kept = static_cast<uint32_t>(kept_.size() - kept_from_);
  const bool poor = wire_.member->tcp_bytes > kMostOfMember;
  const uint32_t most = poor ? kStep : scaled_ ? kMostKept : kMostWithoutScale;
  const uint32_t room = most > kept ? most - kept : 0;
  return before(expected_ + room, window_end_) ? window_end_ - expected_ : room;
}

// --- the clock, and the end

bool TcpConnection::waits() const {
  return state_ != State::kOpen || !sent_.empty() || (window_ == 0 && readable_);
}

void TcpConnection::tick(Clock::time_point now) {
  if (ended()) return;
  if (state_ != State::kOpen && now - begun_ > kPatience) {
    if (state_ == State::kConnecting) return connected(ETIMEDOUT);
    return abort();
  }
  if (state_ == State::kConnecting || !waits() || now < again_) return;
  if (tries_ == 0 && sent_.empty()) {  // a closed window: asked only after a while
    tries_ = 1;
    again_ = now + kFirstWait;
    return;
  }
  if (++tries_ > kMostTries && state_ == State::kOpen) return abort();
  const bool opening = state_ != State::kOpen;
  again_ =
      now + (opening ? kOpeningWait : std::min<Clock::duration>(tries_ * kFirstWait, kLongestWait));
  if (sent_.empty()) {
    probe();
  } else {
    send_again();
  }
}

void TcpConnection::abort() {
  reset_member();
  end(true);
}

// Both directions have ended, and the member knows.
void TcpConnection::finish() {
  if (ended() || !socket_shut_ || !fin_sent_ || in_flight() != 0) return;
  acknowledge();
  end(false);
}

void TcpConnection::end(bool reset_socket) {
  if (ended()) return;
  state_ = State::kEnded;
  wire_.member->tcp_bytes -= of_member_;
  of_member_ = 0;
  sent_.clear();
  kept_ = {};
  kept_from_ = 0;
  if (reset_socket) {
    const linger now{1, 0};
    ::setsockopt(socket_.get(), SOL_SOCKET, SO_LINGER, &now, sizeof now);
  }
  socket_.reset();
}

}  // namespace bulkhead::net
