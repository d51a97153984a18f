// The plugin hosts that carry running containers, and those that carry networks: one process per
// start of a container or per network in use, in a session of its own, so that the daemon's end
// doesn't touch it. A host is known by the container's id or the network's name here and by its
// socket in the journal (container.host-started, network.host-started), which is how the next
// daemon finds it again.
//
// What a host reports (a process ended, the VM is off) is numbered and kept by it until ack(): the
// engine acknowledges after the journal has it, so no daemon's death loses an exit code.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "core/loop/child_watch.hpp"
#include "core/loop/loop.hpp"
#include "core/plugins/plugin_host.hpp"
#include "host_port.hpp"

namespace bulkhead::engine {

class RuntimeHosts : public HostPort {
 public:
  struct Places {
    std::string plugin;                 // the runtime plugin's library
    std::string program;                // container-plugin-host
    std::string socket_dir;             // run/hosts
    std::string data_dir;               // <id>/ below it holds the logs
    std::string subject = "container";  // what an id is the id of: a key of the plugin's config
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
  ~RuntimeHosts() override;
  void set_events(Events events) { events_ = std::move(events); }

  void launch(const std::string& id, uint64_t op, Spawned spawned, Launched launched) override;
  void adopt(const std::string& id, const model::RuntimeHost& host,
             std::function<void(Status)> adopted) override;

  // One call in a host of its own that ends with the answer. `name` is its directory's.
  void ask_once(const std::string& name, const std::string& method, const Json& request,
                std::vector<UniqueFd> fds, Answer done);

  PluginPort* find(const std::string& id) override;
  void ack(const std::string& id, uint64_t report) override;
  void dismiss(const std::string& id) override;
  void kill(const std::string& id) override;
  void end_orphan(const std::string& socket) override;
  void when_gone(const std::string& id, std::function<void()> then) override;
  std::vector<std::string> ids() const override;

 private:
  struct Host;
  plugins::PluginHost::Events events_of(const std::string& id);
  void end_unreachable(const model::RuntimeHost& known, std::function<void()> then);
  void forget(const std::string& id);
  void lost(const std::string& id, const std::string& how);

  loop::Loop& loop_;
  Places places_;
  Events events_;
  std::map<std::string, std::unique_ptr<Host>> hosts_;
  std::map<std::string, std::vector<std::function<void()>>> waiting_;
  std::map<pid_t, std::unique_ptr<loop::ChildWatch>> ending_;  // killed, not yet gone
};

}  // namespace bulkhead::engine
