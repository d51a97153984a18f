#include "guest/init/rtnetlink.hpp"

#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>

#include "guest/core/errors.hpp"

namespace bulkhead::guest {
namespace {

template <class Body>
std::string request_of(uint16_t type, uint16_t flags, const Body& body) {
  nlmsghdr header{};
  header.nlmsg_type = type;
  header.nlmsg_flags = static_cast<uint16_t>(NLM_F_REQUEST | NLM_F_ACK | flags);
  std::string request(reinterpret_cast<const char*>(&header), sizeof header);
  request.append(reinterpret_cast<const char*>(&body), sizeof body);
  return request;
}

void put_attribute(std::string& request, uint16_t type, const void* data, size_t size) {
  rtattr attribute{static_cast<uint16_t>(sizeof(rtattr) + size), type};
  request.append(reinterpret_cast<const char*>(&attribute), sizeof attribute);
  request.append(static_cast<const char*>(data), size);
  request.resize((request.size() + 3) & ~size_t{3});
}

ifinfomsg interface_message(int interface) {
  ifinfomsg message{};
  message.ifi_family = AF_UNSPEC;
  message.ifi_index = interface;
  return message;
}

}  // namespace

Result<Rtnetlink> Rtnetlink::open() {
  UniqueFd socket(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE));
  if (!socket) return fail_now("open rtnetlink");
  return Rtnetlink(std::move(socket));
}

Status Rtnetlink::ask(std::string request, const char* doing) {
  auto* header = reinterpret_cast<nlmsghdr*>(request.data());
  header->nlmsg_len = static_cast<uint32_t>(request.size());
  header->nlmsg_seq = ++sequence_;
  if (send(socket_.get(), request.data(), request.size(), 0) < 0) return fail_now(doing);
  struct {
    nlmsghdr header;
    nlmsgerr error;
    char rest[512];
  } answer{};
  ssize_t got = recv(socket_.get(), &answer, sizeof answer, 0);
  if (got < static_cast<ssize_t>(sizeof answer.header + sizeof answer.error.error) ||
      answer.header.nlmsg_type != NLMSG_ERROR)
    return fail_with(doing, got < 0 ? errno : EPROTO);
  if (answer.error.error != 0) return fail_with(doing, -answer.error.error);
  return {};
}

Status Rtnetlink::rename(int interface, const std::string& name) {
  std::string request = request_of(RTM_NEWLINK, 0, interface_message(interface));
  put_attribute(request, IFLA_IFNAME, name.c_str(), name.size() + 1);
  return ask(std::move(request), "rename a network interface");
}

Status Rtnetlink::set_mac(int interface, const std::array<uint8_t, 6>& mac) {
  std::string request = request_of(RTM_NEWLINK, 0, interface_message(interface));
  put_attribute(request, IFLA_ADDRESS, mac.data(), mac.size());
  return ask(std::move(request), "give a network card its address");
}

Status Rtnetlink::bring_up(int interface, uint32_t mtu) {
  ifinfomsg message = interface_message(interface);
  message.ifi_flags = IFF_UP;
  message.ifi_change = IFF_UP;
  std::string request = request_of(RTM_NEWLINK, 0, message);
  if (mtu != 0) put_attribute(request, IFLA_MTU, &mtu, sizeof mtu);
  return ask(std::move(request), "bring up a network interface");
}

Status Rtnetlink::add_address(int interface, const InterfaceAddress& address) {
  ifaddrmsg message{};
  message.ifa_family = static_cast<uint8_t>(address.family);
  message.ifa_prefixlen = static_cast<uint8_t>(address.prefix);
  message.ifa_index = static_cast<uint32_t>(interface);
  // Addresses are given: nobody else has it, and a second of waiting would find that out.
  if (address.family == AF_INET6) message.ifa_flags = IFA_F_NODAD;
  std::string request = request_of(RTM_NEWADDR, NLM_F_CREATE | NLM_F_REPLACE, message);
  put_attribute(request, IFA_LOCAL, address.bytes.data(), address.size());
  put_attribute(request, IFA_ADDRESS, address.bytes.data(), address.size());
  return ask(std::move(request), "give a network interface an address");
}

Status Rtnetlink::add_default_route(int interface, const InterfaceAddress& gateway) {
  rtmsg message{};
  message.rtm_family = static_cast<uint8_t>(gateway.family);
  message.rtm_table = RT_TABLE_MAIN;
  message.rtm_protocol = RTPROT_BOOT;
  message.rtm_scope = RT_SCOPE_UNIVERSE;
  message.rtm_type = RTN_UNICAST;
  std::string request = request_of(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE, message);
  put_attribute(request, RTA_GATEWAY, gateway.bytes.data(), gateway.size());
  put_attribute(request, RTA_OIF, &interface, sizeof interface);
  return ask(std::move(request), "set the default route");
}

}  // namespace bulkhead::guest
