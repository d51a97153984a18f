#include "host_subnets.hpp"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <netinet/in.h>

#include <bit>

namespace bulkhead::engine {
namespace {

uint32_t address_in(const sockaddr* address) {
  return ntohl(reinterpret_cast<const sockaddr_in*>(address)->sin_addr.s_addr);
}

}  // namespace

std::vector<model::Subnet4> host_subnets() {
  std::vector<model::Subnet4> subnets;
  ifaddrs* first = nullptr;
  if (getifaddrs(&first) != 0) return subnets;
  for (const ifaddrs* one = first; one != nullptr; one = one->ifa_next) {
    if (!one->ifa_addr || one->ifa_addr->sa_family != AF_INET || !one->ifa_netmask) continue;
    uint32_t mask = address_in(one->ifa_netmask);
    if (int prefix = std::popcount(mask); prefix > 0)
      subnets.push_back({address_in(one->ifa_addr) & mask, prefix});
  }
  freeifaddrs(first);
  return subnets;
}

}  // namespace bulkhead::engine
