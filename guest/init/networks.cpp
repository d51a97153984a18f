#include "guest/init/networks.hpp"

#include <net/if.h>

#include <array>
#include <cstdio>
#include <string>

#include "guest/core/errors.hpp"
#include "guest/init/files.hpp"
#include "guest/init/rtnetlink.hpp"

namespace bulkhead::guest {
namespace {

using Mac = std::array<uint8_t, 6>;

// The k-th card of a template has this address until its clone gives it the lease's: QEMU saves a
// card's address with the card.
Mac placeholder(size_t k) {
  return {0x02, 0x62, 0x68, 0, 0, static_cast<uint8_t>(k)};
}

std::string mac_text(const Mac& mac) {
  char text[18];
  snprintf(text, sizeof text, "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2], mac[3],
           mac[4], mac[5]);
  return text;
}

// Its index; 0 if there is none.
int find_interface(const std::string& mac) {
  int found = 0;
  if (struct if_nameindex* list = if_nameindex()) {
    for (auto* one = list; one->if_name != nullptr && found == 0; ++one) {
      std::string address =
          read_kernel_file(("/sys/class/net/" + std::string(one->if_name) + "/address").c_str());
      if (address.starts_with(mac)) found = static_cast<int>(one->if_index);
    }
    if_freenameindex(list);
  }
  return found;
}

// Nobody tells this interface who it is, and it needn't ask whether its address is taken: a
// link-local address would be unusable for a second otherwise.
void quiet_ipv6(const std::string& name) {
  const std::string directory = "/proc/sys/net/ipv6/conf/" + name;
  (void)write_kernel_file((directory + "/accept_ra").c_str(), "0");
  (void)write_kernel_file((directory + "/accept_dad").c_str(), "0");
}

Status raise(Rtnetlink& netlink, const NetworkSpec& network, const std::string& name,
             bool& leads_out) {
  const std::string mac = mac_text(network.mac);
  int interface = find_interface(mac);
  if (interface == 0)
    return fail(Code::kNotFound, "the VM has no network card with the address " + mac);
  if (auto status = netlink.rename(interface, name); !status) return status;
  quiet_ipv6(name);
  if (auto status = netlink.bring_up(interface, network.mtu); !status) return status;
  for (const InterfaceAddress& address : network.addresses) {
    if (auto status = netlink.add_address(interface, address); !status) return status;
  }
  if (leads_out) return {};
  for (const InterfaceAddress& gateway : network.gateways) {
    if (auto status = netlink.add_default_route(interface, gateway); !status) return status;
  }
  leads_out = !network.gateways.empty();
  return {};
}

}  // namespace

Status take_over_cards(const std::vector<NetworkSpec>& networks) {
  if (networks.empty()) return {};
  auto netlink = Rtnetlink::open();
  if (!netlink) return fail(std::move(netlink.error()));
  for (size_t k = 0; k < networks.size(); ++k) {
    int interface = find_interface(mac_text(placeholder(k)));
    if (interface == 0)
      return fail(Code::kNotFound, "the template has no network card " + std::to_string(k));
    if (auto status = netlink->set_mac(interface, networks[k].mac); !status) return status;
  }
  return {};
}

Status raise_networks(const std::vector<NetworkSpec>& networks) {
  if (networks.empty()) return {};
  auto netlink = Rtnetlink::open();
  if (!netlink) return fail(std::move(netlink.error()));
  // The kernel has named them eth0 ... in an order of its own; a name may be another's still.
  for (size_t i = 0; networks.size() > 1 && i < networks.size(); ++i) {
    int interface = find_interface(mac_text(networks[i].mac));
    if (interface == 0) continue;
    if (auto status = netlink->rename(interface, "net" + std::to_string(i)); !status) return status;
  }
  bool leads_out = false;
  for (size_t i = 0; i < networks.size(); ++i) {
    std::string name = "eth" + std::to_string(i);
    if (auto status = raise(*netlink, networks[i], name, leads_out); !status)
      return fail(std::move(status.error()).context(name));
  }
  return {};
}

}  // namespace bulkhead::guest
