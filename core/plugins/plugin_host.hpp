// The daemon's end of one plugin host: a process that has mapped one plugin
// (container-plugin-host), reached over a socket by the frames of bulkhead/frame.hpp.
//
// Two kinds. A host without a socket path ends with the daemon (storage). A host with one outlives
// it (runtime: a container's VM hangs on it) and is adopted by the next daemon through that path;
// what it reports is numbered and kept by it until acknowledged, and told again to whoever adopts
// it. Therefore
//   - an emitted event must be acknowledged with ack() once it is in the journal, and comes again
//     after a crash if it wasn't: whoever journals it must cope with a repetition (the report's
//     number tells);
//   - the end of an operation is acknowledged by this class, a little after it was handed over, so
//     that a daemon that dies before it has journaled the outcome gets it again, through
//     `completed`.
//
// A call may be made at once; the host gets it after its plugin is loaded. Every call is answered
// exactly once, with kUnavailable when the host ends. Callbacks may destroy this object. `ended` is
// the last of them.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "bulkhead/json.hpp"
#include "bulkhead/result.hpp"
#include "bulkhead/unique_fd.hpp"
#include "core/loop/loop.hpp"

namespace bulkhead::plugins {

// What the host says of itself and its plugin when it has loaded it.
struct HostIdentity {
  std::string id;  // the plugin's
  std::string version;
  std::vector<std::string> capabilities;
  pid_t pid = 0;
  bool started = false;  // by an earlier daemon
};

struct HostEnd {
  bool asked = false;            // stop() was called
  std::optional<Error> refused;  // it could not load or create its plugin
  int exit_code = -1;            // -1: a signal, or unknown because it is no child of this process
  int signal = 0;
  std::string how;  // "was killed by signal 9", "exited with 1: <why>": to follow the host's name
};

// How long we wait for a host. Generous: a host that is only slow must not be killed.
struct Patience {
  uint64_t ping_every_ms = 5'000;      // while a call is open; an idle service wakes nobody
  uint64_t ping_deadline_ms = 30'000;  // then it is killed
  uint64_t stop_deadline_ms = 30'000;  // from stop() on, likewise
  uint64_t exit_deadline_ms = 2'000;   // from the end of its connection on, likewise
  uint64_t ack_after_ms = 2'000;       // the end of an operation: a commit takes milliseconds
};

class PluginHost {
 public:
  struct Command {
    std::string program;  // container-plugin-host
    std::string plugin;   // the library
    std::string socket;   // empty: the host ends with this process
    int log = -1;         // its standard error; stays the caller's. -1: ours
    std::vector<std::pair<std::string, std::string>> environment;  // set on top of ours
  };
  struct Events {
    std::function<void(const HostIdentity&)> ready;
    std::function<void(uint64_t report, const std::string& type, const Json& data)> emitted;
    // An operation that this object didn't submit: an earlier daemon did.
    std::function<void(uint64_t op, const Result<Json>& result)> completed;
    std::function<void(int level, uint64_t op, const std::string& text)> logged;  // bh_host::log
    std::function<void(uint64_t op, const Json& note)> progress;
    std::function<void(const HostEnd&)> ended;
  };
  using Done = std::function<void(Result<Json>, std::vector<UniqueFd>)>;

  // Each event may be empty.
  static Result<std::unique_ptr<PluginHost>> spawn(loop::Loop& loop, const Command& command,
                                                   Events events, Patience patience = {});
  // The host that listens on this socket. Its former connection, if there is one, is closed by it.
  static Result<std::unique_ptr<PluginHost>> adopt(loop::Loop& loop, const std::string& socket,
                                                   Events events, Patience patience = {});
  // Ends a host without a socket; leaves the others alone. Open calls are not answered any more.
  ~PluginHost();

  pid_t pid() const;

  // Starts the plugin; once in the life of a host.
  void start(const Json& config, std::function<void(Status)> done);
  void call(uint64_t op, const std::string& method, const Json& request, std::vector<UniqueFd> fds,
            Done done);
  void cancel(uint64_t op);
  void ack(uint64_t report);
  // The plugin is stopped, then the process ends; after a deadline it is killed. Reports that are
  // not acknowledged by then are lost.
  void stop();
  void kill();  // SIGKILL

 private:
  class Link;
  explicit PluginHost(std::shared_ptr<Link> link);
  std::shared_ptr<Link> link_;  // shared with the callbacks under way
};

}  // namespace bulkhead::plugins
