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
  std::string address;  // the container's; "" without a network
};

struct MachineHost {
  std::string accelerator;  // "kvm" or "tcg"
  std::string kernel;       // used unless the configuration names its own
  std::string initramfs;
};

Json machine_request(const ContainerState& container, const MachineHost& host);  // Machine
Json guest_request(const Json& configuration, const GuestNetwork& network);      // Guest
Json process_request(const Json& configuration);                                 // Process of init
// `process` is the exec request's process (docs/reference/api.md).
Result<Json> exec_process_request(const Json& configuration, const Json& process);  // Process

}  // namespace bulkhead::model
