// Which kernel new VMs boot. The file is copied by the engine; the event says which one counts.
#pragma once

#include <string>

#include "bulkhead/result.hpp"
#include "model/event.hpp"
#include "model/state.hpp"

namespace bulkhead::model {

struct SetKernel {
  std::string architecture;  // "amd64", "arm64"
  std::string name;
  std::string path;    // where it will lie
  std::string digest;  // "" if not yet known; the outcome has it
  std::string source;  // "binary", "tar", "recommended"
  bool force = false;  // replace one that was set before
};
Result<Decision> decide_kernel_set(const State& state, const SetKernel& command,
                                   const Origin& origin);

}  // namespace bulkhead::model
