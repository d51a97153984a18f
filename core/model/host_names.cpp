#include "model/host_names.hpp"

#include <charconv>
#include <map>

#include "model/dns_decide.hpp"
#include "model/property_decide.hpp"
#include "model/read_json.hpp"

namespace bulkhead::model {
namespace {

// Names in the order in which they came, each once with all its addresses.
class Names {
 public:
  void add(const std::string& name, const std::string& address) {
    auto [found, is_new] = places_.try_emplace(name, list_.size());
    if (is_new) list_.push_back({{"name", name}, {"addresses", Json::array()}});
    if (!address.empty()) list_[found->second]["addresses"].push_back(address);
  }
  Json take() { return std::move(list_); }

 private:
  std::map<std::string, size_t> places_;
  Json list_ = Json::array();
};

// An alias is nobody else's name.
bool may_have(const State& state, const std::string& id, const std::string& name) {
  if (name == id) return true;
  const auto other = state.containers.find(name);
  return other == state.containers.end() || !other->second.up();
}

}  // namespace

std::vector<std::string> names_on(const ContainerState& container, std::string_view network) {
  std::vector<std::string> names = {container.id};
  for (const Json& entry : member(container.configuration, "networks"))
    if (read_text(entry, "network") == network)
      for (std::string& alias : read_texts(member(entry, "options"), "aliases"))
        names.push_back(std::move(alias));
  return names;
}

uint16_t host_names_port(const State& state) {
  const std::string text = property_value(state, "dns.host-port").value_or("0");
  uint16_t port = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  return error == std::errc() ? port : uint16_t{0};
}

Json host_names(const State& state) {
  const std::vector<std::string> domains = container_domains(state);
  Json zones = domains;
  Names names;
  for (const std::string& domain : host_domains(state)) {
    zones.push_back(domain);
    names.add(domain, "127.0.0.1");
  }
  for (const auto& [id, container] : state.containers) {
    if (!container.up()) continue;
    for (const Lease& lease : container.leases)
      for (const std::string& name : names_on(container, lease.network)) {
        if (!may_have(state, id, name)) continue;
        for (const std::string& domain : domains) {
          names.add(name + "." + domain, lease.ipv4);
          names.add(name + "." + domain, lease.ipv6);
        }
      }
  }
  Json subnets = Json::array();
  for (const auto& [name, network] : state.networks) {
    subnets.push_back(network.subnet.text());
    subnets.push_back(network.subnet_v6.text());
  }
  return {{"zones", zones}, {"names", names.take()}, {"subnets", subnets}};
}

}  // namespace bulkhead::model
