// Where the service keeps what it writes. One rule for the daemon and the command, which must agree
// without talking:
//
//               CONTAINER_ROOT=DIR   else root           else a user (XDG)
//     data      DIR/data             /var/lib/bulkhead   ~/.local/share/bulkhead
//     run       DIR/run              /run/bulkhead       $XDG_RUNTIME_DIR/bulkhead
//     logs      DIR/logs             /var/log/bulkhead   ~/.local/state/bulkhead/logs
//     config    DIR/config           /etc/bulkhead       ~/.config/bulkhead
//
// with the XDG variables in place of the defaults where they are set. Without XDG_RUNTIME_DIR
// (cron, a bare ssh) sockets live in `run` below the data: a place that survives a reboot, which is
// why a dead socket there must be expected. As the XDG specification wants it, a variable that
// isn't an absolute path is ignored. Nothing is created here.
#pragma once

#include <sys/types.h>

#include <functional>
#include <string>

#include "bulkhead/result.hpp"

namespace bulkhead {

struct Paths {
  std::string data;    // images, containers, the journal: what must not be lost
  std::string run;     // sockets and locks
  std::string logs;    // the service's own
  std::string config;  // what the user or administrator writes

  std::string socket() const { return run + "/api.sock"; }
};

// What the rule depends on; made explicit so that it can be tested.
struct Surroundings {
  uid_t uid = 0;
  std::string cwd;
  std::function<const char*(const char*)> variable;  // getenv
};

Result<Paths> paths_in(const Surroundings& surroundings);

// The paths of this process.
Result<Paths> find_paths();

}  // namespace bulkhead
