// The plugin hosts that carry running containers: one process per start of a container, in a
// session of its own, so that the daemon's end doesn't touch it. A host is known by the container's
// id here and by its socket in the journal (container.host-started), which is how the next daemon
// finds it again.
//
// What a host reports (a process ended, the VM is off) is numbered and kept by it until ack(): the
// engine acknowledges after the journal has it, so no daemon's death loses an exit code.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "core/loop/loop.hpp"
#include "core/plugins/plugin_host.hpp"
#include "model/state.hpp"
#include "plugin_port.hpp"

namespace bulkhead::engine {

class RuntimeHosts {
 public:
  struct Places {
    std::string plugin;      // the runtime plugin's library
    std::string program;     // container-plugin-host
    std::string socket_dir;  // run/hosts
    std::string data_dir;    // containers/<id>/ below it holds the logs
  };
  struct Events {
    std::function<void(const std::string& id, uint64_t report, const std::string& type,
                       const Json& data)>
        reported;
    // The process is gone: asked to (dismissed) or not.
    std::function<void(const std::string& id, bool dismissed, const std::string& how)> gone;
    // The end of an operation that was submitted in an earlier life of the daemon.
    std::function<void(const std::string& id, uint64_t op, const Result<Json>& result)> completed;
  };

  RuntimeHosts(loop::Loop& loop, Places places);
  ~RuntimeHosts();
  void set_events(Events events) { events_ = std::move(events); }

  using Launched = std::function<void(Result<model::RuntimeHost>)>;
  // `op` (of the start) names the socket. The plugin is started with its config before `launched`
  // is called. When the process exists, `spawned` is told who it is, and calls its second argument
  // when the journal knows it too.
  using Spawned = std::function<void(const model::RuntimeHost&, std::function<void()> go)>;
  void launch(const std::string& id, uint64_t op, Spawned spawned, Launched launched);
  void adopt(const std::string& id, const model::RuntimeHost& host,
             std::function<void(Status)> adopted);

  // runtime.probe in a host that ends with the answer.
  void probe(const Json& request, Answer done);

  PluginPort* find(const std::string& id);
  void ack(const std::string& id, uint64_t report);
  void dismiss(const std::string& id);         // the plugin is stopped, then the process ends
  void kill(const std::string& id);            // SIGKILL; QEMU goes with it
  void end_orphan(const std::string& socket);  // a host that belongs to no container
  // At once if there is none.
  void when_gone(const std::string& id, std::function<void()> then);
  std::vector<std::string> ids()
      const;  // of the containers that have a host, be it only to shut its VM down

 private:
  struct Host;
  plugins::PluginHost::Events events_of(const std::string& id);
  void forget(const std::string& id);
  void lost(const std::string& id, const std::string& how);

  loop::Loop& loop_;
  Places places_;
  Events events_;
  std::map<std::string, std::unique_ptr<Host>> hosts_;
  std::map<std::string, std::vector<std::function<void()>>> waiting_;
};

}  // namespace bulkhead::engine
