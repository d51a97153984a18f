#include "tcp_relay.hpp"

#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <string_view>

#include "switch.hpp"

namespace bulkhead::net {
namespace {

constexpr uint16_t kDns = 53;
constexpr int kBacklog = 4096;
constexpr uint64_t kSoonMs = 2, kTickMs = 100;
constexpr int kEvents = 128;
constexpr int kMostAccepted = 64;  // in a row, of one listener

void set(int fd, int level, int option, int value) {
  ::setsockopt(fd, level, option, &value, sizeof value);
}

bool is_loopback(const Ip& ip) {
  return ip.v6 ? ip == *parse_ip("::1") : ip.bytes[0] == 127;
}

}  // namespace

size_t TcpRelay::Hash::operator()(const Key& key) const {
  const auto text = [](const Ip& ip) {
    return std::string_view(reinterpret_cast<const char*>(ip.bytes.data()), ip.bytes.size());
  };
  const std::hash<std::string_view> hash;
  return hash(text(key.member)) * 31 + hash(text(key.other)) +
         (size_t{key.member_port} << 16 | key.other_port) * 0x9e3779b97f4a7c15u;
}

TcpRelay::TcpRelay(loop::Loop& loop, Parts parts, const Switch& members)
    : loop_(loop),
      parts_(std::move(parts)),
      members_(members),
      epoll_(::epoll_create1(EPOLL_CLOEXEC)),
      soon_timer_(loop,
                  [this] {
                    std::swap(now_, soon_);
                    settle();
                  }),
      tick_timer_(loop, [this] { tick(); }),
      poll_(std::make_unique<loop::Poll>(loop_, epoll_.get(), [this](int) { serve(); })) {
  poll_->watch(UV_READABLE);
}

TcpRelay::~TcpRelay() = default;

// --- from members

void TcpRelay::receive(Member& member, const Packet& packet) {
  const Key key{packet.from, packet.to, packet.source_port, packet.destination_port};
  const auto found = numbers_.find(key);
  if (found == numbers_.end()) {
    if (packet.opens_tcp()) return open(member, packet, key);
    const Buffer reset = build_refusal(packet, parts_.gateway.mac, parts_.gateway.v4);
    return member.socket->send(reset);
  }
  const Number number = found->second;
  TcpConnection& connection = *connections_.at(number);
  connection.segment(packet);
  after(number, connection);
}

void TcpRelay::open(Member& member, const Packet& syn, const Key& key) {
  if (member.tcp_connections >= kMostOfMember) return;
  UniqueFd socket = begin_connection(syn);
  if (!socket) {
    const Ip& gateway = syn.from.v6 ? *parts_.gateway.v6 : parts_.gateway.v4;
    const bool refused = errno == ECONNREFUSED;
    return member.socket->send(refused ? build_refusal(syn, parts_.gateway.mac, gateway)
                                       : build_unreachable(syn, parts_.gateway.mac, gateway));
  }
  add(key, std::move(socket), &syn, member);
}

UniqueFd TcpRelay::begin_connection(const Packet& syn) const {
  const bool v6 = syn.to.v6;
  Ip to = syn.to;
  uint16_t port = syn.destination_port;
  if (parts_.gateway.owns(to)) {
    to = *parse_ip(v6 ? "::1" : "127.0.0.1");
    if (port == kDns) port = parts_.dns_port(v6);
  }
  const SocketAddress address = socket_address(to, port);
  UniqueFd socket(::socket(v6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!socket) return {};
  set(socket.get(), SOL_SOCKET, SO_OOBINLINE, 1);
  if (::connect(socket.get(), address.raw(), address.size) != 0 && errno != EINPROGRESS) {
    const int error = errno;
    socket.reset();
    errno = error;
  }
  return socket;
}

void TcpRelay::add(const Key& key, UniqueFd socket, const Packet* syn, Member& member) {
  const bool v6 = key.member.v6;
  TcpConnection::Wire wire;
  wire.member = &member;
  wire.ends = {parts_.gateway.mac, member.lease.mac, key.other, key.member};
  wire.other_port = key.other_port;
  wire.member_port = key.member_port;
  wire.mtu = parts_.mtu;
  wire.gateway = v6 ? *parts_.gateway.v6 : parts_.gateway.v4;
  set(socket.get(), IPPROTO_TCP, TCP_NODELAY, 1);  // whether to wait is the members' question
  const Number number = next_number_++;
  if (!watch(socket.get(), number, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, EPOLL_CTL_ADD))
    return;
  auto connection = syn != nullptr ? std::make_unique<TcpConnection>(wire, std::move(socket), *syn)
                                   : std::make_unique<TcpConnection>(wire, std::move(socket));
  numbers_[key] = number;
  member.tcp_connections++;
  TcpConnection& added = *(connections_[number] = std::move(connection));
  if (!tick_timer_.active()) tick_timer_.start(kTickMs, kTickMs);
  after(number, added);
}

// Whatever was done to a connection, this is what it leaves to do.
void TcpRelay::after(Number number, TcpConnection& connection) {
  if (connection.ended()) return remove(number);
  if (connection.waits_for_cable()) blocked_[connection.wire().member].insert(number);
  if (connection.waits() && !tick_timer_.active()) tick_timer_.start(kTickMs, kTickMs);
  switch (connection.owes()) {
    case TcpConnection::Owes::kNothing:
      return;
    case TcpConnection::Owes::kNow:
      if (now_.empty() || now_.back() != number) now_.push_back(number);
      return;
    case TcpConnection::Owes::kSoon:
      if (soon_.empty()) soon_timer_.start(kSoonMs);
      if (soon_.empty() || soon_.back() != number) soon_.push_back(number);
  }
}

void TcpRelay::settle() {
  for (const Number number : now_) {
    const auto found = connections_.find(number);
    if (found != connections_.end()) found->second->acknowledge();
  }
  now_.clear();
}

void TcpRelay::cable_has_room(const Member& member) {
  const auto waiting = blocked_.extract(&member);
  if (!waiting) return;
  for (const Number number : waiting.mapped()) {
    const auto found = connections_.find(number);
    if (found == connections_.end()) continue;
    found->second->cable_has_room();
    after(number, *found->second);
  }
}

void TcpRelay::remove(Number number) {
  const auto found = connections_.find(number);
  const TcpConnection::Wire& wire = found->second->wire();
  numbers_.erase(Key{wire.ends.destination, wire.ends.source, wire.member_port, wire.other_port});
  wire.member->tcp_connections--;
  connections_.erase(found);
}

void TcpRelay::forget(Member& member) {
  blocked_.erase(&member);
  std::vector<Number> own;
  for (const auto& [number, connection] : connections_)
    if (connection->wire().member == &member) own.push_back(number);
  for (const Number number : own) {
    connections_.at(number)->abort();
    remove(number);
  }
}

// --- from the host

bool TcpRelay::watch(int fd, Number number, uint32_t events, int how) const {
  epoll_event event{};
  event.events = events;
  event.data.u64 = number;
  return ::epoll_ctl(epoll_.get(), how, fd, &event) == 0;
}

void TcpRelay::serve() {
  epoll_event events[kEvents];
  const int count = ::epoll_wait(epoll_.get(), events, kEvents, 0);
  for (int i = 0; i < count; i++) event(events[i].data.u64, events[i].events);
  settle();
}

void TcpRelay::event(Number number, uint32_t events) {
  if (const auto listener = listeners_.find(number); listener != listeners_.end())
    return accept_all(number, listener->second);
  const auto found = connections_.find(number);
  if (found == connections_.end()) return;
  found->second->socket_ready(events);
  after(number, *found->second);
}

void TcpRelay::accept_all(Number number, const Listener& listener) {
  for (int i = 0; i < kMostAccepted; i++) {
    SocketAddress peer;
    peer.size = sizeof peer.storage;
    UniqueFd socket(
        ::accept4(listener.socket.get(), peer.raw(), &peer.size, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (!socket) {
      if (errno != EAGAIN && errno != ECONNABORTED && errno != EINTR) rest(number, listener);
      return;
    }
    accepted(listener, std::move(socket), peer);
  }
}

// There is no descriptor for who waits: asked again by the clock, and not by each turn of the loop.
void TcpRelay::rest(Number number, const Listener& listener) {
  watch(listener.socket.get(), number, 0, EPOLL_CTL_MOD);
  resting_.push_back(number);
  if (!tick_timer_.active()) tick_timer_.start(kTickMs, kTickMs);
}

void TcpRelay::accepted(const Listener& listener, UniqueFd socket, const SocketAddress& peer) {
  Member* member = members_.by_ip(listener.guest);
  const linger reset{1, 0};
  if (member == nullptr || member->tcp_connections >= kMostOfMember) {
    ::setsockopt(socket.get(), SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
    return;
  }
  // The host is the gateway, as are those whom a member would look for on its own wire.
  const bool v6 = listener.guest.v6;
  const Ip& gateway = v6 ? *parts_.gateway.v6 : parts_.gateway.v4;
  Ip from = ip_of(peer.storage);
  if (is_loopback(from) || from.link_local() || parts_.gateway.within(from)) from = gateway;
  Key key{listener.guest, from, listener.port, port_of(peer.storage)};
  while (numbers_.contains(key)) key.other_port = static_cast<uint16_t>(key.other_port % 65535 + 1);
  add(key, std::move(socket), nullptr, *member);
}

int TcpRelay::publish(const SocketAddress& host, const Ip& guest, uint16_t port) {
  UniqueFd socket(::socket(host.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!socket) return errno;
  set(socket.get(), SOL_SOCKET, SO_REUSEADDR, 1);
  if (guest.v6) set(socket.get(), IPPROTO_IPV6, IPV6_V6ONLY, 1);
  set(socket.get(), SOL_SOCKET, SO_OOBINLINE, 1);
  if (::bind(socket.get(), host.raw(), host.size) != 0 || ::listen(socket.get(), kBacklog) != 0)
    return errno;
  const Number number = next_number_++;
  // Not by its edge: when there is no descriptor left for a client, it waits.
  if (!watch(socket.get(), number, EPOLLIN, EPOLL_CTL_ADD)) return errno;
  listeners_[number] = {std::move(socket), host, guest, port};
  return 0;
}

void TcpRelay::unpublish(const SocketAddress& host) {
  std::erase_if(listeners_, [&](const auto& entry) {
    const SocketAddress& its = entry.second.host;
    return ip_of(its.storage) == ip_of(host.storage) &&
           port_of(its.storage) == port_of(host.storage);
  });
}

bool TcpRelay::is_own_connection(const SocketAddress& local) const {
  return std::any_of(connections_.begin(), connections_.end(), [&](const auto& entry) {
    SocketAddress name;
    name.size = sizeof name.storage;
    return ::getsockname(entry.second->fd(), name.raw(), &name.size) == 0 &&
           ip_of(name.storage) == ip_of(local.storage) &&
           port_of(name.storage) == port_of(local.storage);
  });
}

// --- the clock

void TcpRelay::tick() {
  const auto now = TcpConnection::Clock::now();
  bool waits = false;
  std::vector<Number> ended;
  for (const auto& [number, connection] : connections_) {
    if (connection->waits()) connection->tick(now);
    if (connection->ended()) ended.push_back(number);
    waits = waits || connection->waits();
  }
  for (const Number number : ended) remove(number);
  for (const Number number : std::exchange(resting_, {})) {
    const auto listener = listeners_.find(number);
    if (listener != listeners_.end())
      watch(listener->second.socket.get(), number, EPOLLIN, EPOLL_CTL_MOD);
  }
  if (!waits) tick_timer_.stop();
}

}  // namespace bulkhead::net
