#include "gateway.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>

namespace bulkhead::network {
namespace {

constexpr int kBacklog = 1024;
constexpr std::size_t kMostAttempts = 4096;

short to_poll(int events) {
  int result = 0;
  if (events & SLIRP_POLL_IN) result |= POLLIN;
  if (events & SLIRP_POLL_OUT) result |= POLLOUT;
  if (events & SLIRP_POLL_PRI) result |= POLLPRI;
  return static_cast<short>(result);
}

int from_poll(short events) {
  int result = 0;
  if (events & POLLIN) result |= SLIRP_POLL_IN;
  if (events & POLLOUT) result |= SLIRP_POLL_OUT;
  if (events & POLLPRI) result |= SLIRP_POLL_PRI;
  if (events & POLLERR) result |= SLIRP_POLL_ERR;
  if (events & POLLHUP) result |= SLIRP_POLL_HUP;
  return result;
}

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t length = 0;
  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
  bool v6() const { return storage.ss_family == AF_INET6; }
};

SocketAddress socket_address(const void* address, bool v6, uint16_t port) {
  SocketAddress result;
  if (v6) {
    auto* in6 = reinterpret_cast<sockaddr_in6*>(&result.storage);
    in6->sin6_family = AF_INET6;
    in6->sin6_port = htons(port);
    std::memcpy(&in6->sin6_addr, address, sizeof in6->sin6_addr);
    result.length = sizeof *in6;
  } else {
    auto* in = reinterpret_cast<sockaddr_in*>(&result.storage);
    in->sin_family = AF_INET;
    in->sin_port = htons(port);
    std::memcpy(&in->sin_addr, address, sizeof in->sin_addr);
    result.length = sizeof *in;
  }
  return result;
}

std::optional<SocketAddress> host_address(const PublishedPort& port) {
  unsigned char bytes[16];
  if (inet_pton(AF_INET, port.host_address.c_str(), bytes) == 1)
    return socket_address(bytes, false, port.host_port);
  if (inet_pton(AF_INET6, port.host_address.c_str(), bytes) == 1)
    return socket_address(bytes, true, port.host_port);
  return std::nullopt;
}

int forward_flags(const PublishedPort& port, const SocketAddress& host) {
  return (port.udp ? SLIRP_HOSTFWD_UDP : 0) | (host.v6() ? SLIRP_HOSTFWD_V6ONLY : 0);
}

Failure cannot_publish(const PublishedPort& port, int error) {
  if (error == EADDRINUSE)
    return fail(Code::kConflict, "port " + port.text() + " is already in use on this host",
                "choose another host port, or stop what listens there");
  if (error == EACCES || error == EPERM)
    return fail(Code::kDenied,
                "port " + port.text() + " is privileged, and the service runs without privilege",
                "choose a host port from 1024 on, or lower net.ipv4.ip_unprivileged_port_start");
  if (error == EADDRNOTAVAIL)
    return fail(Code::kInvalid, port.host_address + " is not an address of this host");
  return fail_errno("publish port " + port.text(), error);
}

}  // namespace

std::string PublishedPort::text() const {
  bool v6 = host_address.find(':') != std::string::npos;
  return (v6 ? "[" + host_address + "]" : host_address) + ":" + std::to_string(host_port) +
         (udp ? "/udp" : "/tcp");
}

struct Gateway::Callbacks {
  static ssize_t send_packet(const void* data, size_t size, void* opaque) {
    static_cast<Gateway*>(opaque)->sent(Bytes(static_cast<const uint8_t*>(data), size));
    return static_cast<ssize_t>(size);
  }
  static void guest_error(const char*, void*) {}  // a guest may say what it likes
  static int64_t clock(void*) {
    return std::chrono::duration_cast<std::chrono::nanoseconds>(
               std::chrono::steady_clock::now().time_since_epoch())
        .count();
  }
  // The only timer is that of router advertisements, which nobody needs: addresses are given.
  static void* timer_new(SlirpTimerId, void*, void* opaque) { return opaque; }
  static void timer_free(void*, void*) {}
  static void timer_mod(void*, int64_t, void*) {}
  static void register_fd(int fd, void* opaque) { static_cast<Gateway*>(opaque)->newest_fd_ = fd; }
  static void unregister_fd(int fd, void* opaque) {
    std::erase_if(static_cast<Gateway*>(opaque)->attempts_,
                  [fd](const auto& attempt) { return attempt.second == fd; });
  }
  static void notify(void*) {}  // everything happens on one thread
  static void ready(Slirp*, void*) {}
};

Gateway::Gateway(const GatewayPlan& plan, Send to_members) : to_members_(std::move(to_members)) {
  static const SlirpCb kCallbacks = [] {
    SlirpCb callbacks{};
    callbacks.send_packet = Callbacks::send_packet;
    callbacks.guest_error = Callbacks::guest_error;
    callbacks.clock_get_ns = Callbacks::clock;
    callbacks.timer_free = Callbacks::timer_free;
    callbacks.timer_mod = Callbacks::timer_mod;
    callbacks.register_poll_fd = Callbacks::register_fd;
    callbacks.unregister_poll_fd = Callbacks::unregister_fd;
    callbacks.notify = Callbacks::notify;
    callbacks.init_completed = Callbacks::ready;
    callbacks.timer_new_opaque = Callbacks::timer_new;
    return callbacks;
  }();
  SlirpConfig config{};
  config.version = 4;
  config.in_enabled = true;
  std::memcpy(&config.vnetwork, plan.network.data(), 4);
  config.vnetmask.s_addr = htonl(~uint32_t{0} << (32 - plan.prefix));
  std::memcpy(&config.vhost, plan.gateway4.data(), 4);
  config.vnameserver = config.vhost;
  config.vdhcp_start = config.vhost;
  config.in6_enabled = true;
  std::memcpy(&config.vprefix_addr6, plan.network6.data(), 16);
  config.vprefix_len = static_cast<uint8_t>(plan.prefix6);
  std::memcpy(&config.vhost6, plan.gateway6.data(), 16);
  config.vnameserver6 = config.vhost6;
  config.if_mtu = static_cast<size_t>(plan.mtu);
  config.if_mru = static_cast<size_t>(plan.mtu);
  config.disable_dns = true;
  config.disable_dhcp = true;
  slirp_ = slirp_new(&config, &kCallbacks, this);
}

Gateway::~Gateway() {
  slirp_cleanup(slirp_);
}

void Gateway::sent(Bytes frame) {
  int fd = std::exchange(newest_fd_, -1);
  if (auto view = frame_in(frame); view && fd >= 0) {
    auto packet = packet_in(*view);
    // The first packet after a connection was taken from the host is its own.
    if (packet && packet->protocol == kTcp && packet->tcp_flags == kTcpSyn &&
        attempts_.size() < kMostAttempts)
      attempts_[{packet->destination, packet->destination_port, packet->source_port}] = fd;
  }
  to_members_(frame);
}

// Closing the host's socket becomes a reset: libslirp closes it when it sees this packet.
void Gateway::refused(const Packet& packet) {
  auto found = attempts_.find({packet.source, packet.source_port, packet.destination_port});
  if (found == attempts_.end()) return;
  if (packet.tcp_flags & kTcpReset) {
    linger hard{1, 0};
    setsockopt(found->second, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
  }
  attempts_.erase(found);
}

void Gateway::input(Bytes frame) {
  if (!attempts_.empty())
    if (auto view = frame_in(frame))
      if (auto packet = packet_in(*view); packet && packet->protocol == kTcp) refused(*packet);
  newest_fd_ = -1;
  slirp_input(slirp_, frame.data(), static_cast<int>(frame.size()));
  newest_fd_ = -1;
}

Status Gateway::publish(const PublishedPort& port, const Address4& ipv4, const Address6& ipv6) {
  auto host = host_address(port);
  if (!host) return fail(Code::kInvalid, "\"" + port.host_address + "\" is not an address");
  auto guest = host->v6() ? socket_address(ipv6.data(), true, port.port)
                          : socket_address(ipv4.data(), false, port.port);
  newest_fd_ = -1;
  errno = 0;
  if (slirp_add_hostxfwd(slirp_, host->get(), host->length, guest.get(), guest.length,
                         forward_flags(port, *host)) < 0)
    return cannot_publish(port, errno);
  if (!port.udp && newest_fd_ >= 0) ::listen(newest_fd_, kBacklog);
  newest_fd_ = -1;
  return {};
}

void Gateway::withdraw(const PublishedPort& port) {
  if (auto host = host_address(port))
    slirp_remove_hostxfwd(slirp_, host->get(), host->length, forward_flags(port, *host));
}

void Gateway::fill(PollSet& set) {
  uint32_t timeout = UINT32_MAX;
  slirp_pollfds_fill(
      slirp_, &timeout,
      [](int fd, int events, void* opaque) {
        return static_cast<PollSet*>(opaque)->add(fd, to_poll(events));
      },
      &set);
  if (timeout != UINT32_MAX) set.at_most(timeout);
}

void Gateway::handle(PollSet& set) {
  newest_fd_ = -1;
  slirp_pollfds_poll(
      slirp_, 0,
      [](int place, void* opaque) {
        return from_poll(static_cast<PollSet*>(opaque)->events(place));
      },
      &set);
  newest_fd_ = -1;
}

}  // namespace bulkhead::network
