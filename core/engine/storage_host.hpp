// The storage plugin as a port: its host is started with the service, started again with a growing delay when it crashes, and
// parked when it keeps crashing. What was asked of a host that died is answered kUnavailable; nobody waits for a ghost.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "core/loop/handles.hpp"
#include "core/plugins/plugin_host.hpp"
#include "core/plugins/restart_policy.hpp"
#include "plugin_port.hpp"
#include "store/ledger.hpp"

namespace bulkhead::engine {

class StorageHost : public PluginPort {
 public:
  struct Places {
    std::string program;  // container-plugin-host
    std::string plugin;   // storage-local.so
    Json config;
  };
  StorageHost(loop::Loop& loop, store::Ledger& ledger, Places places);
  ~StorageHost() override;

  void start(std::function<void(Status)> started);
  void stop(std::function<void()> stopped);
  void call(uint64_t op, const std::string& method, const Json& request, std::vector<UniqueFd> fds, Answer answer) override;

 private:
  void spawn();
  void crashed(const std::string& how);

  loop::Loop& loop_;
  store::Ledger& ledger_;
  Places places_;
  std::unique_ptr<plugins::PluginHost> host_;
};

}  // namespace bulkhead::engine
