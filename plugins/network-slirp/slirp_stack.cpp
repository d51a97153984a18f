#include "slirp_stack.hpp"

#include <slirp/libslirp.h>
#include <sys/epoll.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>

namespace bulkhead::net {
namespace {

constexpr int kBacklog = 4096;
// What libslirp names when it waits for nothing.
constexpr uint32_t kIdleMs = 1000;

int64_t now_ns() {
  // Since the first use: libslirp keeps milliseconds in 32 bits.
  static const auto kBegin = std::chrono::steady_clock::now();
  return std::chrono::nanoseconds(std::chrono::steady_clock::now() - kBegin).count() +
         1'000'000'000;
}

uint32_t to_epoll(int events) {
  uint32_t out = 0;
  if ((events & SLIRP_POLL_IN) != 0) out |= EPOLLIN;
  if ((events & SLIRP_POLL_OUT) != 0) out |= EPOLLOUT;
  if ((events & SLIRP_POLL_PRI) != 0) out |= EPOLLPRI;
  return out;
}

// An error or a hang-up makes libslirp read, and it aborts if it has no room to. It has room when
// it asked to read; else the failure is left to its next write, which meets the same error.
int answer_to_wait(uint32_t asked, uint32_t events) {
  if ((asked & EPOLLIN) == 0) return SLIRP_POLL_OUT;
  int out = 0;
  if ((events & EPOLLIN) != 0) out |= SLIRP_POLL_IN;
  if ((events & EPOLLOUT) != 0) out |= SLIRP_POLL_OUT;
  if ((events & EPOLLPRI) != 0) out |= SLIRP_POLL_PRI;
  if ((events & EPOLLERR) != 0) out |= SLIRP_POLL_ERR;
  if ((events & EPOLLHUP) != 0) out |= SLIRP_POLL_HUP;
  return out;
}

in_addr in4(const Ip& ip) {
  in_addr out{};
  std::memcpy(&out, ip.bytes.data(), sizeof out);
  return out;
}

in6_addr in6(const Ip& ip) {
  in6_addr out{};
  std::memcpy(&out, ip.bytes.data(), sizeof out);
  return out;
}

bool same_end(const SocketAddress& a, const sockaddr_storage& b) {
  return a.storage.ss_family == b.ss_family && ip_of(a.storage) == ip_of(b) &&
         port_of(a.storage) == port_of(b);
}

}  // namespace

struct SlirpStack::Callbacks {
  static SlirpStack& self(void* opaque) { return *static_cast<SlirpStack*>(opaque); }

  static ssize_t send_packet(const void* bytes, size_t size, void* opaque) {
    // libslirp builds each frame in a buffer of its own, only for this call.
    auto* frame = static_cast<uint8_t*>(const_cast<void*>(bytes));
    loop::Loop::guarded(self(opaque).loop_.raw(), self(opaque).out_,
                        std::span<uint8_t>(frame, size));
    return static_cast<ssize_t>(size);
  }
  static void guest_error(const char* text, void* opaque) {
    loop::Loop::guarded(self(opaque).loop_.raw(), self(opaque).complain_, std::string(text));
  }
  static int64_t clock_ns(void*) { return now_ns(); }
  // The one timer announces an IPv6 router; addresses here are given, not announced.
  static void* timer_new(SlirpTimerCb, void*, void*) {
    static char timer;
    return &timer;
  }
  static void timer_free(void*, void*) {}
  static void timer_mod(void*, int64_t, void*) {}
  static void register_fd(int fd, void* opaque) {
    const linger reset{1, 0};
    ::setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
    self(opaque).connections_.emplace(fd, 0);
  }
  static void unregister_fd(int fd, void* opaque) { self(opaque).forget(fd); }
  // Called when there is room again: the next wait asks anyway.
  static void notify(void*) {}
};

// The one handle that core/loop has no class for: called before each wait.
struct SlirpStack::PrepareHandle {
  explicit PrepareHandle(SlirpStack& stack) : box(&stack) {
    uv_prepare_init(stack.loop_.raw(), box.get());
    uv_prepare_start(box.get(), [](uv_prepare_t* handle) {
      auto* owner = loop::Boxed<uv_prepare_t>::owner_of<SlirpStack>(handle);
      if (owner == nullptr) return;
      auto call = [owner] { owner->before_wait(); };
      loop::Loop::guarded(handle->loop, call);
    });
    uv_unref(reinterpret_cast<uv_handle_t*>(box.get()));
  }
  loop::Boxed<uv_prepare_t> box;
};

SlirpStack::SlirpStack(loop::Loop& loop, const Gateway& gateway, size_t mtu,
                       std::function<void(std::span<uint8_t>)> out,
                       std::function<void(const std::string&)> complain)
    : loop_(loop),
      out_(std::move(out)),
      complain_(std::move(complain)),
      epoll_(::epoll_create1(EPOLL_CLOEXEC)),
      timer_(loop, [this] { serve(); }) {
  static const SlirpCb kCallbacks = [] {
    SlirpCb callbacks{};
    callbacks.send_packet = Callbacks::send_packet;
    callbacks.guest_error = Callbacks::guest_error;
    callbacks.clock_get_ns = Callbacks::clock_ns;
    callbacks.timer_new = Callbacks::timer_new;
    callbacks.timer_free = Callbacks::timer_free;
    callbacks.timer_mod = Callbacks::timer_mod;
    callbacks.register_poll_fd = Callbacks::register_fd;
    callbacks.unregister_poll_fd = Callbacks::unregister_fd;
    callbacks.notify = Callbacks::notify;
    return callbacks;
  }();
  Ip mask = Subnet{gateway.subnet.base, gateway.subnet.prefix}.last();
  for (size_t i = 0; i < 4; i++)
    mask.bytes[i] = static_cast<uint8_t>(~(mask.bytes[i] ^ gateway.subnet.base.bytes[i]));
  SlirpConfig config{};
  config.version = 4;
  config.in_enabled = true;
  config.vnetwork = in4(gateway.subnet.base);
  config.vnetmask = in4(mask);
  config.vhost = in4(gateway.v4);
  config.vnameserver = in4(gateway.v4);
  if (gateway.v6 && gateway.subnet6) {
    config.in6_enabled = true;
    config.vprefix_addr6 = in6(gateway.subnet6->base);
    config.vprefix_len = static_cast<uint8_t>(gateway.subnet6->prefix);
    config.vhost6 = in6(*gateway.v6);
    config.vnameserver6 = in6(*gateway.v6);
  }
  config.if_mtu = mtu;
  config.if_mru = mtu;
  config.disable_dns = true;
  config.disable_dhcp = true;
  slirp_ = slirp_new(&config, &kCallbacks, this);
  prepare_ = std::make_unique<PrepareHandle>(*this);
  poll_ = std::make_unique<loop::Poll>(loop_, epoll_.get(), [this](int) { serve(); });
  poll_->watch(UV_READABLE);
}

SlirpStack::~SlirpStack() {
  prepare_.reset();
  if (slirp_ != nullptr) slirp_cleanup(slirp_);
}

void SlirpStack::input(Bytes frame) {
  refresh_clock();
  slirp_input(slirp_, frame.data(), static_cast<int>(frame.size()));
  drain_later();
}

// What waited for such a frame (the answer to a question about a neighbour) goes out at the next
// poll, and may raise the next question.
void SlirpStack::drain_later() {
  constexpr int kMostRounds = 64;
  for (int round = 0; round < kMostRounds && !later_.empty(); round++) {
    std::vector<Buffer> frames;
    frames.swap(later_);
    for (const Buffer& frame : frames)
      slirp_input(slirp_, frame.data(), static_cast<int>(frame.size()));
    slirp_pollfds_poll(
        slirp_, 1, [](int, void*) { return 0; }, this);
  }
}

// libslirp learns the time only when it is served, and what it begins in between would be as old.
void SlirpStack::refresh_clock() {
  const int64_t now = now_ns() / 1'000'000;
  if (now - served_ms_ < 100) return;
  served_ms_ = now;
  slirp_pollfds_poll(
      slirp_, 1, [](int, void*) { return 0; }, this);
}

void SlirpStack::before_wait() {
  wanted_.clear();
  uint32_t timeout = UINT32_MAX;
  slirp_pollfds_fill(
      slirp_, &timeout,
      [](int fd, int events, void* opaque) { return Callbacks::self(opaque).want(fd, events); },
      this);
  for (auto entry = registered_.begin(); entry != registered_.end();) {
    if (wanted_.contains(entry->first)) {
      ++entry;
      continue;
    }
    ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, entry->first, nullptr);
    entry = registered_.erase(entry);
  }
  if (timeout < kIdleMs) {
    timer_.start(timeout);
  } else {
    timer_.stop();
  }
}

// The descriptor itself is its index.
int SlirpStack::want(int fd, int events) {
  wanted_.insert(fd);
  const uint32_t mask = to_epoll(events);
  const auto found = registered_.find(fd);
  if (found != registered_.end() && found->second == mask) return fd;
  epoll_event event{};
  event.events = mask;
  event.data.fd = fd;
  if (found == registered_.end() ||
      (::epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, fd, &event) != 0 && errno == ENOENT))
    ::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event);
  registered_[fd] = mask;
  return fd;
}

void SlirpStack::forget(int fd) {
  if (registered_.erase(fd) != 0) ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr);
  connections_.erase(fd);
  ready_.erase(fd);
}

void SlirpStack::serve() {
  epoll_event events[256];
  const int count = ::epoll_wait(epoll_.get(), events, std::size(events), 0);
  ready_.clear();
  for (int i = 0; i < count; i++)
    ready_[events[i].data.fd] = answer_to_wait(registered_[events[i].data.fd], events[i].events);
  served_ms_ = now_ns() / 1'000'000;
  slirp_pollfds_poll(
      slirp_, 0,
      [](int fd, void* opaque) {
        const auto& ready = Callbacks::self(opaque).ready_;
        const auto found = ready.find(fd);
        return found == ready.end() ? 0 : found->second;
      },
      this);
  drain_later();
}

int SlirpStack::publish(bool udp, const SocketAddress& host, const SocketAddress& guest) {
  refresh_clock();
  errno = 0;
  int flags = udp ? SLIRP_HOSTFWD_UDP : 0;
  if (host.storage.ss_family == AF_INET6) flags |= SLIRP_HOSTFWD_V6ONLY;
  if (slirp_add_hostxfwd(slirp_, host.raw(), host.size, guest.raw(), guest.size, flags) != 0)
    return errno != 0 ? errno : EINVAL;
  return 0;
}

void SlirpStack::widen_backlogs() {
  uint32_t timeout = UINT32_MAX;
  slirp_pollfds_fill(
      slirp_, &timeout,
      [](int fd, int events, void*) {
        int listening = 0;
        socklen_t size = sizeof listening;
        if ((events & SLIRP_POLL_PRI) == 0 &&
            ::getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &size) == 0 && listening != 0)
          ::listen(fd, kBacklog);
        return fd;
      },
      this);
}

void SlirpStack::unpublish(bool udp, const SocketAddress& host) {
  slirp_remove_hostxfwd(slirp_, host.raw(), host.size, udp ? SLIRP_HOSTFWD_UDP : 0);
}

// Asked for each connection for names, and there may be thousands of others: a socket is asked for
// its name only until it has one.
bool SlirpStack::is_own_connection(const SocketAddress& local) const {
  const uint16_t wanted = port_of(local.storage);
  return std::any_of(connections_.begin(), connections_.end(), [&](auto& connection) {
    auto& [fd, port] = connection;
    if (port != 0 && port != wanted) return false;
    sockaddr_storage name{};
    socklen_t size = sizeof name;
    if (::getsockname(fd, reinterpret_cast<sockaddr*>(&name), &size) != 0) return false;
    port = port_of(name);
    return same_end(local, name);
  });
}

}  // namespace bulkhead::net
