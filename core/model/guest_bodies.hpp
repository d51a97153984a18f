// Bodies of runtime.create, runtime.start and runtime.exec (sdk/schema/METHODS.md) from a
// container's configuration.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "bulkhead/result.hpp"
#include "model/event.hpp"
#include "model/state.hpp"

namespace bulkhead::model {

// What the network gives a container when it starts; nothing of it is known when the container is
// created.
struct GuestNetwork {
  std::vector<std::string> nameservers;  // used unless the configuration names its own
  std::string domain;
  std::string address;        // the container's on its first network; "" without a network
  std::string gateway = {};   // the host, as the container reaches it; "" without a network
  Json interfaces = nullptr;  // Guest.networks
};
// From the container's leases. The network that leads out comes first in resolv.conf, because the
// nameserver of an internal one knows containers only, and its "no such name" is an answer.
GuestNetwork guest_network(const State& state, const ContainerState& container);
// Machine.networks, in the order of the leases.
Json machine_networks(const ContainerState& container);

struct MachineHost {
  std::string accelerator;  // "kvm" or "tcg"
  std::string kernel;       // used unless the configuration names its own
  std::string initramfs;
};

Json machine_request(const ContainerState& container, const MachineHost& host);  // Machine

// The machine of a container that asks for nothing, without disks.
Json usual_machine(const State& state, const MachineHost& host);
Json guest_request(const Json& configuration, const GuestNetwork& network);  // Guest
// Where the client's SSH agent is reached in a container that was created with --ssh.
inline constexpr const char* kGuestSshSocket = "/run/host-services/ssh-auth.sock";
// Machine.sockets: what the host publishes, and the agent if the client has one.
Json machine_sockets(const Json& configuration, const std::string& ssh_socket);
Json process_request(const Json& configuration);  // Process of init
// `process` is the exec request's process (docs/reference/api.md).
Result<Json> exec_process_request(const Json& configuration, const Json& process);  // Process

}  // namespace bulkhead::model
