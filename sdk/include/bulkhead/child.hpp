// Starting a program. By hand because posix_spawn can neither set a parent-death signal nor close everything else, and the
// two are what keeps a killed host from leaving its VM behind and a container's descriptors from leaking into QEMU.
#pragma once

#include <sys/types.h>

#include <string>
#include <utility>
#include <vector>

#include "bulkhead/result.hpp"
#include "bulkhead/unique_fd.hpp"

namespace bulkhead {

struct Program {
  std::vector<std::string> arguments;                       // arguments[0] is looked up in PATH unless it has a '/'
  std::vector<std::pair<std::string, std::string>> environment;  // set on top of ours
  std::vector<std::pair<int, int>> fds;                     // {the child's number, our descriptor}; all others are closed,
                                                            // 0-2 are /dev/null where not given
  std::string directory;                                    // "" = ours
  bool new_session = false;                                 // survives our terminal and our death
  int parent_death_signal = 0;                              // sent when the thread that spawned it ends
};

struct Child {
  pid_t pid = 0;
  UniqueFd pidfd;
};

// Fails with the reason if the program could not be executed: the child reports through a pipe before it is one.
Result<Child> spawn(const Program& program);

}  // namespace bulkhead
