#include "dns_service.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>

namespace bulkhead::network::dns {
namespace {

constexpr Milliseconds kIdle{10'000};
constexpr std::size_t kLongestTcp = 65535;

UniqueFd listener(bool v6, uint16_t port) {
  UniqueFd fd(socket(v6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd) return {};
  sockaddr_storage storage{};
  socklen_t length = sizeof(sockaddr_in);
  if (v6) {
    auto* in6 = reinterpret_cast<sockaddr_in6*>(&storage);
    in6->sin6_family = AF_INET6;
    in6->sin6_port = htons(port);
    in6->sin6_addr = in6addr_loopback;
    length = sizeof *in6;
  } else {
    auto* in = reinterpret_cast<sockaddr_in*>(&storage);
    in->sin_family = AF_INET;
    in->sin_port = htons(port);
    in->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  }
  if (bind(fd.get(), reinterpret_cast<sockaddr*>(&storage), length) != 0 ||
      ::listen(fd.get(), 16) != 0)
    return {};
  return fd;
}

uint16_t port_of(int fd) {
  sockaddr_in in{};
  socklen_t length = sizeof in;
  if (getsockname(fd, reinterpret_cast<sockaddr*>(&in), &length) != 0) return 0;
  return ntohs(in.sin_port);
}

}  // namespace

// A client of the loopback listener: messages with their length before them, any number in turn.
struct Service::Connection {
  explicit Connection(UniqueFd socket) : fd(std::move(socket)) {}

  void answered(const std::vector<uint8_t>& message) {
    to_send.push_back(static_cast<uint8_t>(message.size() >> 8));
    to_send.push_back(static_cast<uint8_t>(message.size()));
    to_send.insert(to_send.end(), message.begin(), message.end());
  }

  UniqueFd fd;
  std::vector<uint8_t> received;
  std::vector<uint8_t> to_send;
  Milliseconds deadline{};
  int place = -1;
  bool over = false;
};

uint16_t Service::listen() {
  UniqueFd v4 = listener(false, 0);
  if (!v4) return 0;
  uint16_t port = port_of(v4.get());
  listeners_.push_back({std::move(v4), -1});
  // A host without IPv6, or with the port taken there, answers by IPv4 only.
  if (UniqueFd v6 = listener(true, port)) listeners_.push_back({std::move(v6), -1});
  return port;
}

void Service::ask(Bytes question, bool tcp, Milliseconds now, const Done& done) {
  auto query = read_query(question);
  if (!query) return;
  std::size_t limit = tcp ? kLongestTcp : query->udp_size;
  auto known = zone_.find(*query);
  if (!known && internal_) known = Answer{Code::kNoName, {}, {}, {}};
  if (known) return done(write_answer(question, *query, *known, limit));
  forwarder_.ask(question, *query, tcp, now, [done, limit](const std::vector<uint8_t>& answer) {
    done(shortened(answer, limit));
  });
}

void Service::accept_from(int listener, Milliseconds now) {
  UniqueFd fd(accept4(listener, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
  if (!fd) return;
  if (connections_.size() >= kMostConnections) connections_.pop_front();
  connections_.push_back(std::make_shared<Connection>(std::move(fd)));
  connections_.back()->deadline = now + kIdle;
}

void Service::fill(PollSet& set, Milliseconds now) {
  for (Listener& listener : listeners_) listener.place = set.add(listener.fd.get(), POLLIN);
  for (const auto& connection : connections_) {
    connection->place =
        set.add(connection->fd.get(), connection->to_send.empty() ? POLLIN : POLLIN | POLLOUT);
    set.at_most((connection->deadline - now).count() + 1);
  }
  forwarder_.fill(set, now);
}

void Service::handle(const PollSet& set, Milliseconds now) {
  forwarder_.handle(set, now);
  for (const auto& connection : connections_) {
    Connection& c = *connection;
    short events = set.events(c.place);
    if (now >= c.deadline) c.over = true;
    if (events & (POLLIN | POLLHUP | POLLERR)) {
      uint8_t buffer[4096];
      ssize_t got = recv(c.fd.get(), buffer, sizeof buffer, 0);
      if (got == 0 || (got < 0 && errno != EAGAIN)) c.over = true;
      if (got > 0) c.received.insert(c.received.end(), buffer, buffer + got);
      while (c.received.size() >= 2) {
        std::size_t length = read16(c.received.data());
        if (c.received.size() < length + 2) break;
        c.deadline = now + kIdle;
        ask(Bytes(c.received).subspan(2, length), true, now,
            [weak = std::weak_ptr(connection)](const std::vector<uint8_t>& answer) {
              if (auto asker = weak.lock()) asker->answered(answer);
            });
        c.received.erase(c.received.begin(), c.received.begin() + std::ptrdiff_t(length + 2));
      }
    }
    if (!c.to_send.empty()) {
      ssize_t sent = send(c.fd.get(), c.to_send.data(), c.to_send.size(), MSG_NOSIGNAL);
      if (sent < 0 && errno != EAGAIN) c.over = true;
      if (sent > 0) c.to_send.erase(c.to_send.begin(), c.to_send.begin() + sent);
    }
  }
  connections_.remove_if([](const auto& connection) { return connection->over; });
  for (const Listener& listener : listeners_)
    if (set.events(listener.place) & POLLIN) accept_from(listener.fd.get(), now);
}

}  // namespace bulkhead::network::dns
