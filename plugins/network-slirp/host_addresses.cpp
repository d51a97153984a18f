#include "host_addresses.hpp"

#include <ifaddrs.h>
#include <netinet/in.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <memory>
#include <string_view>

namespace bulkhead::net {
namespace {

std::optional<Ip> ip_at(const sockaddr* address) {
  if (address == nullptr || (address->sa_family != AF_INET && address->sa_family != AF_INET6))
    return std::nullopt;
  sockaddr_storage storage{};
  std::memcpy(&storage, address,
              address->sa_family == AF_INET6 ? sizeof(sockaddr_in6) : sizeof(sockaddr_in));
  return ip_of(storage);
}

unsigned ones_in(const Ip& mask) {
  unsigned ones = 0;
  for (const uint8_t byte : mask.span()) ones += static_cast<unsigned>(std::popcount(byte));
  return ones;
}

}  // namespace

bool HostAddresses::owns(const Ip& ip) const {
  return std::find(own.begin(), own.end(), ip) != own.end();
}

bool HostAddresses::on_another_network(const Ip& ip) const {
  return std::any_of(other_networks.begin(), other_networks.end(),
                     [&](const Subnet& subnet) { return subnet.contains(ip); });
}

void HostAddressBook::set_own_interface(std::string name) {
  own_interface_ = std::move(name);
  known_ = false;
}

const HostAddresses& HostAddressBook::at(Clock::time_point now) {
  if (known_ && now - read_ < kFresh) return addresses_;
  ifaddrs* list = nullptr;
  if (::getifaddrs(&list) != 0) return addresses_;
  const std::unique_ptr<ifaddrs, decltype(&::freeifaddrs)> owner(list, ::freeifaddrs);
  addresses_ = {};
  for (const ifaddrs* each = list; each != nullptr; each = each->ifa_next) {
    const auto ip = ip_at(each->ifa_addr);
    if (!ip) continue;
    addresses_.own.push_back(*ip);
    const auto mask = ip_at(each->ifa_netmask);
    const std::string_view name = each->ifa_name;
    if (mask && name.starts_with(kInterfacePrefix) && name != own_interface_)
      addresses_.other_networks.push_back({*ip, ones_in(*mask)});
  }
  read_ = now;
  known_ = true;
  return addresses_;
}

}  // namespace bulkhead::net
