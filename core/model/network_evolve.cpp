// What happened to networks and domains.
#include "model/aggregates.hpp"
#include "model/read_json.hpp"

namespace bulkhead::model {
namespace {

void created(State& state, const Event& event) {
  auto subnet = parse_subnet4(read_text(event.data, "subnet"));
  auto subnet_v6 = parse_subnet6(read_text(event.data, "subnetV6"));
  if (!subnet || !subnet_v6) return;
  NetworkState network;
  network.name = event.key();
  network.created_at_us = event.at_us;
  network.subnet = *subnet;
  network.subnet_v6 = *subnet_v6;
  network.internal = read_flag(event.data, "internal");
  network.plugin = read_text(event.data, "plugin");
  if (member(event.data, "labels").is_object()) network.labels = member(event.data, "labels");
  if (member(event.data, "options").is_object()) network.options = member(event.data, "options");
  state.networks.insert_or_assign(network.name, std::move(network));
}

}  // namespace

void evolve_network(State& state, const Event& event) {
  if (event.phase != Phase::kFact) return;
  if (event.type == "network.created") return created(state, event);
  auto found = state.networks.find(event.key());
  if (found == state.networks.end()) return;
  NetworkState& network = found->second;
  if (event.type == "network.deleted") {
    state.networks.erase(found);
  } else if (event.type == "network.host-started") {
    network.host = RuntimeHost{read_integer(event.data, "hostPid").value_or(0),
                               read_text(event.data, "hostSocket"),
                               read_integer(event.data, "hostStartTime").value_or(0)};
    network.tap.clear();
    network.no_tap.clear();
  } else if (event.type == "network.host-ready") {
    network.tap = read_text(event.data, "interface");
    network.no_tap = read_text(event.data, "noInterface");
  } else if (event.type == "network.host-ended") {
    network.host.reset();
    network.tap.clear();
    network.no_tap.clear();
  }
}

void evolve_dns(State& state, const Event& event) {
  if (event.is("dns.created", Phase::kFact))
    state.domains.insert_or_assign(std::string(event.key()), read_text(event.data, "localhost"));
  if (event.is("dns.deleted", Phase::kFact)) state.domains.erase(std::string(event.key()));
}

}  // namespace bulkhead::model
