// Starts a process on channels that are ready: the seam at which tests run programs without a
// container.
#pragma once

#include <sys/types.h>

#include <string_view>

#include "bulkhead/result.hpp"
#include "guest/core/process_spec.hpp"
#include "guest/init/stdio.hpp"

namespace bulkhead::guest {

class Launcher {
 public:
  virtual ~Launcher() = default;
  // json is the text spec was read from: it is how the description travels to a process that is
  // waiting already.
  virtual Result<pid_t> launch(bool is_init, const ProcessSpec& spec, std::string_view json,
                               const ChildEnds& ends) = 0;
  // The root of the devpts instance terminals are opened in.
  virtual int devpts() const = 0;
  // What waitid said about the container's own process, in the terms of its command: with an init
  // process of ours before it, the command's end is told apart from the init's.
  virtual int command_status(int status) = 0;
  // Undoes all that was made for the container, whose processes have ended.
  virtual Status take_down() = 0;
  // The root of the container's tree, as its own process sees it.
  virtual Result<UniqueFd> root() const = 0;
};

}  // namespace bulkhead::guest
