// What a machine is tried out with before a container gets it (runtime.park): a container with one
// network and a command of the guest's own that does nothing.
//
// Under emulation what a start costs is what it does for the first time; so the rehearsal does what
// nearly every container does, with the defaults of one that asks for nothing.
#pragma once

#include <string>

#include "model/event.hpp"

namespace bulkhead::model {

// Whether a parked machine could become this one (runtime.create's "machine"): it has cables and
// disks, but neither folders nor an init of its own.
bool can_be_parked(const Json& machine);

struct RehearsalDisks {
  std::string image, writable;
};
// runtime.park's request; `shape` is template_shape() of the machine, `source` its "template".
Json rehearsal(const Json& shape, const Json& source, const RehearsalDisks& disks);

}  // namespace bulkhead::model
