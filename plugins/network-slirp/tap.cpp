#include "tap.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <vector>

#include "gateway_policy.hpp"

namespace bulkhead::network {
namespace {

constexpr uint8_t kNeighbourSolicitation = 135;
constexpr uint8_t kNeighbourAdvertisement = 136;
constexpr std::size_t kArp = 28;

struct in6_ifreq_ {  // <linux/ipv6.h> and <netinet/in.h> don't go together
  in6_addr address;
  uint32_t prefix;
  int index;
};

void set_address(ifreq& request, const Address4& address) {
  sockaddr_in in{};
  in.sin_family = AF_INET;
  std::memcpy(&in.sin_addr, address.data(), 4);
  std::memcpy(&request.ifr_addr, &in, sizeof in);
}

Address4 netmask(int prefix) {
  uint32_t mask = htonl(~uint32_t{0} << (32 - prefix));
  return read_array<4>(reinterpret_cast<const uint8_t*>(&mask));
}

// The host neither configures itself by what containers say nor looks for duplicates: addresses are
// given. Where /proc can't be written, it goes on without.
void quiet_ipv6(const std::string& name) {
  const std::string directory = "/proc/sys/net/ipv6/conf/" + name;
  for (const char* key : {"/accept_ra", "/accept_dad", "/autoconf"})
    std::ofstream(directory + key) << 0;
}

Status configure(ifreq request, const Tap::Plan& plan, Mac& mac) {
  UniqueFd ipv4(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  UniqueFd ipv6(socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  auto set = [&](int fd, unsigned long what, void* argument, const char* doing) -> Status {
    if (ioctl(fd, what, argument) == 0) return {};
    return fail_errno(doing, errno);
  };
  quiet_ipv6(request.ifr_name);
  request.ifr_mtu = plan.mtu;
  if (auto ok = set(ipv4.get(), SIOCSIFMTU, &request, "set the MTU"); !ok) return ok;
  set_address(request, plan.ipv4);
  if (auto ok = set(ipv4.get(), SIOCSIFADDR, &request, "give it an address"); !ok) return ok;
  set_address(request, netmask(plan.prefix));
  if (auto ok = set(ipv4.get(), SIOCSIFNETMASK, &request, "give it a subnet"); !ok) return ok;
  request.ifr_flags = IFF_UP | IFF_RUNNING;
  if (auto ok = set(ipv4.get(), SIOCSIFFLAGS, &request, "bring it up"); !ok) return ok;
  if (auto ok = set(ipv4.get(), SIOCGIFHWADDR, &request, "ask for its MAC"); !ok) return ok;
  mac = read_array<6>(reinterpret_cast<const uint8_t*>(request.ifr_hwaddr.sa_data));
  if (!ipv6) return {};  // a host without IPv6
  in6_ifreq_ address{};
  std::memcpy(&address.address, plan.ipv6.data(), 16);
  address.prefix = static_cast<uint32_t>(plan.prefix6);
  address.index = static_cast<int>(if_nametoindex(request.ifr_name));
  ioctl(ipv6.get(), SIOCSIFADDR, &address);  // likewise
  return {};
}

bool arp_passes(Bytes arp, const Tap::Plan& plan) {
  return arp.size() >= kArp && read_array<4>(arp.data() + 24) == plan.ipv4;
}

}  // namespace

Result<std::unique_ptr<Tap>> Tap::open(const Plan& plan) {
  UniqueFd fd(::open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC));
  if (!fd) return fail_errno("open /dev/net/tun", errno);
  ifreq request{};
  request.ifr_flags = IFF_TAP | IFF_NO_PI;
  plan.name.copy(request.ifr_name, IFNAMSIZ - 1);
  if (ioctl(fd.get(), TUNSETIFF, &request) != 0)
    return fail_errno("make the interface " + plan.name, errno);
  Mac mac{};
  if (auto ok = configure(request, plan, mac); !ok)
    return fail(std::move(ok.error()).context("interface " + plan.name));
  return std::unique_ptr<Tap>(new Tap(std::move(fd), request.ifr_name, mac, plan));
}

bool Tap::may_pass(const Frame& frame, const Plan& plan, const RecentFlows& flows,
                   Milliseconds now) {
  if (frame.type() == kTypeArp) return arp_passes(frame.payload(), plan);
  auto packet = packet_in(frame);
  if (!packet || packet->fragment) return false;
  if (packet->protocol == kIcmpv6 && packet->v6) {
    uint8_t type = packet->transport.empty() ? uint8_t{0} : packet->transport[0];
    if (type == kNeighbourSolicitation || type == kNeighbourAdvertisement) return true;
  }
  bool own = packet->v6 ? packet->destination == plan.ipv6 : packet->destination4() == plan.ipv4;
  if (!own) return false;
  if (!plan.answers_only || !begins(*packet)) return true;
  return flows.answers(*packet, now);
}

void Tap::to_host(const Frame& frame, Milliseconds now) {
  if (!may_pass(frame, plan_, flows_, now)) return;
  // A host that doesn't read loses frames, as on any wire.
  [[maybe_unused]] ssize_t written = write(fd_.get(), frame.bytes.data(), frame.bytes.size());
}

void Tap::handle(const PollSet& set, Milliseconds now, const std::function<void(Bytes)>& take) {
  if (!(set.events(place_) & POLLIN)) return;
  static thread_local std::vector<uint8_t> buffer(kLongestFrame);
  constexpr int kFramesPerTurn = 64;
  for (int i = 0; i < kFramesPerTurn; ++i) {
    ssize_t got = read(fd_.get(), buffer.data(), buffer.size());
    if (got <= 0) return;
    Bytes bytes(buffer.data(), std::size_t(got));
    auto frame = frame_in(bytes);
    if (!frame) continue;
    if (auto packet = packet_in(*frame); plan_.answers_only && packet) flows_.begun(*packet, now);
    take(bytes);
  }
}

}  // namespace bulkhead::network
