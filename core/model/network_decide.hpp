// Networks: what is asked for against what there is. Creating one has no side effect (its host
// process comes with the first container that joins), so it is a fact and no operation; so is its
// end, which is refused while any container, even a stopped one, refers to it.
#pragma once

#include <string>
#include <vector>

#include "bulkhead/result.hpp"
#include "model/event.hpp"
#include "model/state.hpp"
#include "model/subnet.hpp"

namespace bulkhead::model {

inline constexpr const char* kDefaultNetwork = "default";
inline constexpr const char* kNoNetwork = "none";
inline constexpr const char* kNetworkPlugin = "network-slirp";
// The reference's name for "this host's way to make networks".
inline constexpr const char* kNetworkPluginAlias = "container-network-vmnet";
inline constexpr const char* kRoleLabel = "com.apple.container.resource.role";
// A network in software costs per frame, so frames are as long as they can be.
inline constexpr int64_t kDefaultMtu = 65520;
inline constexpr int64_t kMinimumMtu = 1280;  // IPv6's own
inline constexpr int64_t kMaximumMtu = 65520;

// ^[a-z0-9](?:[a-z0-9._-]{0,61}[a-z0-9])?$, other than "none".
Status check_network_name(const std::string& name);

struct CreateNetwork {
  std::string name;
  std::string subnet;     // "": the property's, or the next that is free
  std::string subnet_v6;  // likewise
  bool internal = false;
  std::string plugin;                 // "": this host's
  Json labels = Json::object();       // strings
  Json options = Json::object();      // strings; "mtu" and "host-loopback" mean something
  std::vector<Subnet4> host_subnets;  // of the host's own interfaces: not chosen for a network
};
Result<Decision> decide_network_create(const State& state, const CreateNetwork& command,
                                       const Origin& origin);

Result<Decision> decide_network_delete(const State& state, const std::string& name,
                                       const Origin& origin);

// The containers that refer to it, sorted.
std::vector<std::string> users_of_network(const State& state, std::string_view network);
// Those that `prune` would delete: not builtin, no container refers to them.
std::vector<std::string> prunable_networks(const State& state);

Result<const NetworkState*> find_network(const State& state, std::string_view name);
Json network_view(const NetworkState& network);  // Network of docs/reference/api.md
Json networks_view(const State& state);          // by name

}  // namespace bulkhead::model
