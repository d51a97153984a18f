// The engine: the daemon without its socket. It owns journal and state, plugin hosts and flows,
// wires them to each other in one place, and lets the API (core/api) see only what a request needs.
//
// Life: open() reads the journal and says daemon.started; recover() brings the world and the
// journal together; then requests; shut_down() ends containers if asked to, says daemon.stopped,
// and leaves running ones to their hosts if not.
#pragma once

#include <memory>
#include <string>

#include "accelerator.hpp"
#include "bulkhead/install.hpp"
#include "bulkhead/paths.hpp"
#include "containers.hpp"
#include "core/loop/loop.hpp"
#include "host_names.hpp"
#include "images.hpp"
#include "kernels.hpp"
#include "networks.hpp"
#include "recovery.hpp"
#include "registries.hpp"
#include "runtime_hosts.hpp"
#include "service_host.hpp"
#include "store/ledger.hpp"
#include "templates.hpp"
#include "volumes.hpp"

namespace bulkhead::engine {

class Engine {
 public:
  static Result<std::unique_ptr<Engine>> open(loop::Loop& loop, Paths paths, Install install);
  ~Engine();

  void recover(std::function<void()> done);
  // stop_containers: every one is given 5 s, all at once.
  void shut_down(bool stop_containers, const model::Origin& origin, std::function<void()> done);
  // `system stop` asks for the end of the daemon, whose business its end is.
  void on_stop_requested(std::function<void(const model::Origin&)> handler) {
    stop_requested_ = std::move(handler);
  }
  void request_stop(const model::Origin& origin) { stop_requested_(origin); }

  const model::State& state() const { return ledger_->state(); }
  store::Ledger& ledger() { return *ledger_; }
  Operations& operations() { return operations_; }
  Containers& containers() { return containers_; }
  Images& images() { return images_; }
  Volumes& volumes() { return volumes_; }
  Registries& registries() { return registries_; }
  Networks& networks() { return networks_; }
  HostNames& host_names() { return host_names_; }
  Kernels& kernels() { return kernels_; }
  Accelerator& accelerator() { return accelerator_; }
  Templates& templates() { return templates_; }
  // What a container that asks for nothing would boot; null as long as that isn't known.
  Json usual_machine() const;
  PluginPort& storage() { return storage_; }
  loop::Loop& loop() { return loop_; }
  const Paths& paths() const { return paths_; }
  const Install& install() const { return install_; }

  // Runs `blocking` on a worker thread, then `then` on the loop.
  void work(std::function<void()> blocking, std::function<void()> then);

 private:
  Engine(loop::Loop& loop, Paths paths, Install install, std::unique_ptr<store::Ledger> ledger,
         std::unique_ptr<loop::Async> committed, bool clean);
  void probe(Answer done);
  void stop_plugins(std::function<void()> done);

  loop::Loop& loop_;
  Paths paths_;
  Install install_;
  std::unique_ptr<loop::Async> committed_;  // before the ledger, whose writer thread wakes it
  std::unique_ptr<store::Ledger> ledger_;
  bool clean_;
  Operations operations_;
  ServiceHost storage_;
  ServiceHost registry_;
  ServiceHost names_;
  RuntimeHosts hosts_;
  RuntimeHosts network_hosts_;
  Accelerator accelerator_;
  Kernels kernels_;
  Images images_;
  Registries registries_;
  Networks networks_;
  HostNames host_names_;
  Volumes volumes_;
  Templates templates_;
  Containers containers_;
  std::unique_ptr<loop::Timer> upkeep_;
  std::function<void(const model::Origin&)> stop_requested_;
};

// {"os": "linux", "architecture": "amd64"} of this build.
Json host_platform();

}  // namespace bulkhead::engine
