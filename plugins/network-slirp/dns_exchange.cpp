#include "dns_exchange.hpp"

#include <net/if.h>
#include <netinet/in.h>
#include <sys/random.h>
#include <sys/socket.h>

#include <cerrno>

namespace bulkhead::net {
namespace {

constexpr uint64_t kPatienceMs = 2000;

uint16_t random_id() {
  uint16_t id = 0;
  if (::getrandom(&id, sizeof id, 0) != sizeof id) id = static_cast<uint16_t>(::rand());
  return id;
}

SocketAddress address_of(const Resolver& resolver, uint16_t port) {
  SocketAddress address = socket_address(resolver.ip, port);
  if (resolver.ip.v6 && !resolver.zone.empty())
    reinterpret_cast<sockaddr_in6&>(address.storage).sin6_scope_id =
        ::if_nametoindex(resolver.zone.c_str());
  return address;
}

}  // namespace

DnsExchange::DnsExchange(loop::Loop& loop, const Resolver& resolver, uint16_t port, DnsQuery query,
                         Bytes message, Done done)
    : loop_(loop),
      resolver_(resolver),
      port_(port),
      query_(std::move(query)),
      message_(message.begin(), message.end()),
      id_(random_id()),
      done_(std::move(done)),
      timer_(loop, [this] { finish({}); }) {
  write16(message_, 0, id_);
}

void DnsExchange::start() {
  timer_.start(kPatienceMs);
  ask_over_udp();
}

bool DnsExchange::open(bool tcp) {
  poll_.reset();
  const SocketAddress address = address_of(resolver_, port_);
  const int type = tcp ? SOCK_STREAM : SOCK_DGRAM;
  socket_.reset(::socket(address.storage.ss_family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  return socket_ &&
         (::connect(socket_.get(), address.raw(), address.size) == 0 || errno == EINPROGRESS);
}

// Failures are told from the timer, so that start() never calls back.
void DnsExchange::ask_over_udp() {
  if (!open(false) || ::send(socket_.get(), message_.data(), message_.size(), MSG_NOSIGNAL) < 0) {
    timer_.start(0);
    return;
  }
  poll_ = std::make_unique<loop::Poll>(loop_, socket_.get(), [this](int) { receive_udp(); });
  poll_->watch(UV_READABLE);
}

void DnsExchange::receive_udp() {
  Buffer buffer(65536);
  for (;;) {
    const ssize_t size = ::recv(socket_.get(), buffer.data(), buffer.size(), 0);
    if (size < 0) {
      if (errno == EINTR) continue;
      if (errno != EAGAIN) finish({});  // nobody listens there
      return;
    }
    const Bytes answer(buffer.data(), static_cast<size_t>(size));
    if (!dns_answers(answer, id_, query_)) continue;
    Buffer kept(answer.begin(), answer.end());
    if (!dns_truncated(answer)) return finish(std::move(kept));
    truncated_ = std::move(kept);
    return ask_over_tcp();
  }
}

void DnsExchange::ask_over_tcp() {
  timer_.start(kPatienceMs);
  if (!open(true)) return timer_.start(0);
  out_.clear();
  append16(out_, static_cast<uint16_t>(message_.size()));
  append(out_, message_);
  poll_ =
      std::make_unique<loop::Poll>(loop_, socket_.get(), [this](int events) { tcp_ready(events); });
  poll_->watch(UV_WRITABLE);
}

void DnsExchange::tcp_ready(int events) {
  if ((events & UV_WRITABLE) != 0 && !out_.empty()) {
    const ssize_t sent = ::send(socket_.get(), out_.data(), out_.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN) return finish({});
    if (sent > 0) out_.erase(out_.begin(), out_.begin() + sent);
    if (out_.empty()) poll_->watch(UV_READABLE);
    return;
  }
  uint8_t bytes[16384];
  const ssize_t size = ::recv(socket_.get(), bytes, sizeof bytes, 0);
  if (size < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (size <= 0) return finish({});
  in_.insert(in_.end(), bytes, bytes + size);
  if (in_.size() < 2 || in_.size() - 2 < read16(in_, 0)) return;
  const Bytes answer = Bytes(in_).subspan(2, read16(in_, 0));
  if (!dns_answers(answer, id_, query_)) return finish({});
  finish(Buffer(answer.begin(), answer.end()));
}

void DnsExchange::finish(Buffer answer) {
  timer_.stop();
  poll_.reset();
  if (answer.empty()) answer = std::move(truncated_);
  const Done done = std::move(done_);
  if (done) done(std::move(answer));
}

}  // namespace bulkhead::net
