#include "tap.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <fstream>

namespace bulkhead::net {
namespace {

constexpr int kBatch = 64;
constexpr unsigned kMaxMtu = 65521;

// linux/ipv6.h has it, and clashes with netinet/in.h.
struct In6Request {
  in6_addr address;
  uint32_t prefix;
  int index;
};

ifreq request_for(const std::string& name) {
  ifreq request{};
  std::memcpy(request.ifr_name, name.data(), std::min<size_t>(name.size(), IFNAMSIZ - 1));
  return request;
}

// A knob of the interface's; where /proc/sys is read-only the kernel's default is good enough.
void set_knob(const std::string& name, const std::string& knob, const char* value) {
  std::ofstream("/proc/sys/net/ipv6/conf/" + name + "/" + knob) << value;
}

Status call(int socket, unsigned long what, void* request, const std::string& doing) {
  if (::ioctl(socket, what, request) == 0) return {};
  return fail_errno(doing, errno);
}

void put(sockaddr& out, const Ip& ip) {
  const SocketAddress address = socket_address(ip, 0);
  std::memcpy(&out, &address.storage, sizeof out);
}

Status configure_v4(int socket, const std::string& name, const Lease& host, const Gateway& gateway,
                    size_t mtu) {
  ifreq request = request_for(name);
  request.ifr_mtu = static_cast<int>(std::min<size_t>(mtu, kMaxMtu));
  if (Status done = call(socket, SIOCSIFMTU, &request, "set the MTU of " + name); !done)
    return done;
  request = request_for(name);
  put(request.ifr_addr, host.v4);
  if (Status done = call(socket, SIOCSIFADDR, &request, "give an address to " + name); !done)
    return done;
  request = request_for(name);
  Ip mask = gateway.subnet.last();
  for (size_t i = 0; i < 4; i++)
    mask.bytes[i] = static_cast<uint8_t>(~(mask.bytes[i] ^ gateway.subnet.base.bytes[i]));
  put(request.ifr_netmask, mask);
  if (Status done = call(socket, SIOCSIFNETMASK, &request, "set the netmask of " + name); !done)
    return done;
  request = request_for(name);
  request.ifr_flags = IFF_UP | IFF_RUNNING;
  return call(socket, SIOCSIFFLAGS, &request, "bring up " + name);
}

// Without IPv6 on the host the containers are reached by IPv4 alone.
bool configure_v6(const std::string& name, const Lease& host, const Gateway& gateway) {
  const UniqueFd socket(::socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!socket || !host.v6) return false;
  In6Request request{};
  std::memcpy(&request.address, host.v6->bytes.data(), 16);
  request.prefix = gateway.subnet6->prefix;
  request.index = static_cast<int>(::if_nametoindex(name.c_str()));
  return ::ioctl(socket.get(), SIOCSIFADDR, &request) == 0;
}

}  // namespace

Ip host_address(const Subnet& subnet) {
  if (!subnet.base.v6) {
    Ip ip = subnet.last();
    ip.bytes[3]--;
    return ip;
  }
  Ip ip = subnet.base;
  ip.bytes[14] = 0xff;
  ip.bytes[15] = 0xff;
  return ip;
}

Result<std::unique_ptr<Tap>> Tap::open(loop::Loop& loop, const std::string& name,
                                       const Gateway& gateway, size_t mtu,
                                       std::function<void(std::span<uint8_t>)> frame) {
  if (name.empty() || name.size() >= IFNAMSIZ || name.find('/') != std::string::npos)
    return fail(Code::kInvalid, "\"" + name + "\" can't be the name of an interface");
  UniqueFd device(::open("/dev/net/tun", O_RDWR | O_CLOEXEC | O_NONBLOCK));
  if (!device) return fail_errno("open /dev/net/tun", errno);
  ifreq request = request_for(name);
  request.ifr_flags = static_cast<short>(IFF_TAP | IFF_NO_PI | IFF_TUN_EXCL);
  if (Status made = call(device.get(), TUNSETIFF, &request, "create the interface " + name); !made)
    return fail(std::move(made.error()));
  const UniqueFd socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!socket) return fail_errno("open a socket", errno);
  // Nothing but what is given here: no addresses of the kernel's own making, no routers.
  set_knob(name, "addr_gen_mode", "1");
  set_knob(name, "accept_ra", "0");
  set_knob(name, "accept_dad", "0");
  Lease host;
  host.v4 = host_address(gateway.subnet);
  if (gateway.subnet6) host.v6 = host_address(*gateway.subnet6);
  if (Status done = configure_v4(socket.get(), name, host, gateway, mtu); !done)
    return fail(std::move(done.error()));
  if (!configure_v6(name, host, gateway)) host.v6.reset();
  request = request_for(name);
  if (Status done = call(socket.get(), SIOCGIFHWADDR, &request, "ask for the MAC of " + name);
      !done)
    return fail(std::move(done.error()));
  host.mac = Mac::read({reinterpret_cast<const uint8_t*>(request.ifr_hwaddr.sa_data), 6}, 0);
  return std::unique_ptr<Tap>(new Tap(loop, std::move(device), name, host, std::move(frame)));
}

Tap::Tap(loop::Loop& loop, UniqueFd device, std::string name, Lease host,
         std::function<void(std::span<uint8_t>)> frame)
    : device_(std::move(device)),
      name_(std::move(name)),
      host_(host),
      frame_(std::move(frame)),
      poll_(loop, device_.get(), [this](int) { receive(); }) {
  poll_.watch(UV_READABLE);
}

void Tap::receive() {
  for (int i = 0; i < kBatch; i++) {
    const ssize_t size = ::read(device_.get(), buffer_.data(), buffer_.size());
    if (size <= 0) {
      // Somebody has taken the interface away.
      if (size < 0 && errno != EAGAIN && errno != EINTR) poll_.watch(0);
      return;
    }
    frame_({buffer_.data(), static_cast<size_t>(size)});
  }
}

void Tap::send(Bytes frame) {
  // A full queue drops, as a wire does.
  if (::write(device_.get(), frame.data(), frame.size()) < 0) return;
}

}  // namespace bulkhead::net
