#include "host_addresses.hpp"

#include <ifaddrs.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <bit>
#include <cstring>
#include <string_view>

namespace bulkhead::network {
namespace {

bool bytes_of(const sockaddr* address, Address6& bytes) {
  if (address == nullptr) return false;
  if (address->sa_family == AF_INET) {
    std::memcpy(bytes.data(), &reinterpret_cast<const sockaddr_in*>(address)->sin_addr, 4);
    return true;
  }
  if (address->sa_family != AF_INET6) return false;
  std::memcpy(bytes.data(), &reinterpret_cast<const sockaddr_in6*>(address)->sin6_addr, 16);
  return true;
}

int ones_in(const Address6& mask) {
  int ones = 0;
  for (uint8_t byte : mask) ones += std::popcount(byte);
  return ones;
}

}  // namespace

const HostAddresses& HostAddressBook::at(Milliseconds now) {
  if (read_ && now - read_at_ < kFresh) return addresses_;
  ifaddrs* first = nullptr;
  if (getifaddrs(&first) != 0) return addresses_;
  addresses_ = {};
  for (const ifaddrs* one = first; one != nullptr; one = one->ifa_next) {
    Prefix prefix;
    Address6 mask{};
    if (!bytes_of(one->ifa_addr, prefix.base)) continue;
    prefix.v6 = one->ifa_addr->sa_family == AF_INET6;
    prefix.bits = prefix.v6 ? 128 : 32;
    addresses_.own.push_back(prefix);
    bool ours = std::string_view(one->ifa_name).starts_with(kInterfacePrefix);
    if (!ours || own_interface_ == one->ifa_name || !bytes_of(one->ifa_netmask, mask)) continue;
    prefix.bits = ones_in(mask);
    addresses_.other_networks.push_back(prefix);
  }
  freeifaddrs(first);
  read_at_ = now;
  read_ = true;
  return addresses_;
}

}  // namespace bulkhead::network
