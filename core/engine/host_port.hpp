// The runtime hosts as the flows see them: one process per start of a container, by the container's
// id. RuntimeHosts is the real one; tests put their own behind it.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "model/state.hpp"
#include "plugin_port.hpp"

namespace bulkhead::engine {

class HostPort {
 public:
  virtual ~HostPort() = default;

  using Launched = std::function<void(Result<model::RuntimeHost>)>;
  // `op` (of the start) names the socket. The plugin is started with its config before `launched`
  // is called. When the process exists, `spawned` is told who it is, and calls its second argument
  // when the journal knows it too.
  using Spawned = std::function<void(const model::RuntimeHost&, std::function<void()> go)>;
  virtual void launch(const std::string& id, uint64_t op, Spawned spawned, Launched launched) = 0;
  // A host whose machine is to be parked: no container's, and known by its name alone.
  virtual void launch_parked(const std::string& name, Launched launched) = 0;
  // Such a host becomes the container's; nobody who waits for its end under its old name is told.
  virtual model::RuntimeHost take(const std::string& name, const std::string& id) = 0;
  // Fails when no process of that host is left: one that can't be reached is killed first.
  virtual void adopt(const std::string& id, const model::RuntimeHost& host,
                     std::function<void(Status)> adopted) = 0;

  virtual PluginPort* find(const std::string& id) = 0;
  virtual void ack(const std::string& id, uint64_t report) = 0;
  virtual void dismiss(const std::string& id) = 0;  // the plugin is stopped, then the process ends
  virtual void kill(const std::string& id) = 0;     // SIGKILL; QEMU goes with it
  virtual void end_orphan(const std::string& socket) = 0;  // a host that belongs to no container
  // At once if there is none.
  virtual void when_gone(const std::string& id, std::function<void()> then) = 0;
  // Of the containers that have a host, be it only to shut its VM down.
  virtual std::vector<std::string> ids() const = 0;
};

}  // namespace bulkhead::engine
