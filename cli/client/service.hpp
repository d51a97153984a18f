// The service's process: is it there, start it, where does it live.
//
// Starting is done under a lock in the run directory, so that two commands at once end with one
// service. The service gets no arguments: where it lives comes from its environment, its output
// goes to apiserver.log. It is in a session of its own, so that no terminal's end is its end.
//
// A command's first connection may start the service; later ones may not. If the service dies under
// a command, the command says so, instead of going on with another service that knows nothing of
// what was under way.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "bulkhead/paths.hpp"
#include "bulkhead/result.hpp"
#include "bulkhead/unique_fd.hpp"

namespace bulkhead::cli {

struct StartOptions {
  std::optional<std::string> root;  // becomes CONTAINER_ROOT; this process's own if absent
  std::optional<std::string>
      install_root;  // where the programs are; this program's own tree if absent
  std::chrono::seconds timeout{30};
};

class Service {
 public:
  Service() = default;
  // At this socket and nowhere else; never started. For tests.
  explicit Service(std::string socket) : socket_(std::move(socket)), may_start_(false) {}

  void forbid_start() { may_start_ = false; }
  // Called when the service is about to be started by connect().
  void on_start(std::function<void()> told) { told_ = std::move(told); }

  // A connection, starting the service if need and permission are there.
  Result<UniqueFd> connect();
  // A connection, if it runs.
  Result<UniqueFd> connect_if_running();

  // True if it had to be started, false if it ran already. Afterwards it answers.
  Result<bool> start(const StartOptions& asked);

  // True if containers of a service that was killed may still run: their hosts have outlived it and
  // wait for the next one to adopt them.
  bool left_hosts() const;

  Result<Paths> paths() const;
  std::string log_file() const;
  // The data's and the installation's, as far as they can be known.
  std::vector<std::string> plugin_directories() const;

 private:
  Result<std::string> socket() const;

  std::string socket_;  // "": where the paths say
  bool may_start_ = true;
  std::function<void()> told_;
};

}  // namespace bulkhead::cli
