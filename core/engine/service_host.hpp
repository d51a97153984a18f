// A plugin that serves the whole service, as a port: storage, registry, names for the host. Its
// host is started with the service, by whoever wants it, or when it is first asked for something.
// After a crash it is started again, with a growing delay or at the next call, and parked when it
// keeps crashing. What was asked of a host that died is answered kUnavailable; nobody waits for a
// ghost. Each start, end and crash is an event of stream plugin/<name>.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "core/loop/handles.hpp"
#include "core/plugins/plugin_host.hpp"
#include "core/plugins/restart_policy.hpp"
#include "service_port.hpp"
#include "store/ledger.hpp"

namespace bulkhead::engine {

class ServiceHost : public ServicePort {
 public:
  struct Places {
    std::string name;     // "storage-local"
    std::string program;  // container-plugin-host
    std::string plugin;   // storage-local.so
    Json config;
    bool on_demand = false;                // started by the first call instead of start()
    std::string end = "the service ends";  // why it is stopped, in the journal
  };
  ServiceHost(loop::Loop& loop, store::Ledger& ledger, Places places);
  ~ServiceHost() override;

  void start(std::function<void(Status)> started) override;
  void on_restarted(std::function<void()> handler) override { restarted_ = std::move(handler); }
  void stop(std::function<void()> stopped) override;
  void call(uint64_t op, const std::string& method, const Json& request, std::vector<UniqueFd> fds,
            Answer answer) override;
  void transact(uint64_t op, const std::string& method, const Json& request,
                std::vector<UniqueFd> fds, OnProgress progress, FullAnswer answer) override;
  void cancel(uint64_t op) override;

 private:
  void plugin_started(const Status& status, const std::function<void(Status)>& then);
  void ended(const plugins::HostEnd& end);
  void crashed(Json data);
  void note(const char* type, Json data);
  std::string stream() const { return "plugin/" + places_.name; }

  loop::Loop& loop_;
  store::Ledger& ledger_;
  Places places_;
  std::unique_ptr<plugins::PluginHost> host_;
  plugins::HostIdentity identity_;
  plugins::RestartPolicy policy_;
  loop::Timer restart_;
  bool parked_ = false;  // it crashed too often
  bool ending_ = false;
  std::function<void()> stopped_;
  std::function<void()> restarted_;
  std::map<uint64_t, OnProgress> open_;  // operations it is at work on: what a crash interrupts
};

}  // namespace bulkhead::engine
