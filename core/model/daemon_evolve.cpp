// The service's own streams: the daemon's lives, the journal, properties, kernels, the
// accelerator's verdict and plugins.
#include "model/aggregates.hpp"
#include "model/read_json.hpp"

namespace bulkhead::model {

void evolve_property(State& state, const Event& event) {
  std::string key = read_text(event.data, "key", event.key());
  if (event.is("property.cleared", Phase::kFact)) {
    state.properties.erase(key);
  } else if (event.is("property.set", Phase::kFact)) {
    const Json& value = member(event.data, "value");
    if (value.is_string()) state.properties.insert_or_assign(key, value.get<std::string>());
  }
}

void evolve_kernel(State& state, const Event& event) {
  if (!event.is("kernel.set", Phase::kOutcome) || !read_flag(event.data, "ok") || !event.op) return;
  const Operation* intent = state.operation(*event.op);
  const Json& request = intent ? intent->data : member(event.data, "");
  Kernel kernel;
  kernel.path = read_text(event.data, "path", read_text(request, "path"));
  kernel.digest = read_text(event.data, "digest", read_text(request, "digest"));
  kernel.name = read_text(request, "name");
  kernel.source = read_text(request, "source");
  std::string architecture(event.key());
  // "recommended" is the kernel that belongs to this version: nothing is set then.
  if (kernel.source == "recommended")
    state.kernels.erase(architecture);
  else
    state.kernels.insert_or_assign(architecture, std::move(kernel));
}

void evolve_plugin(State& state, const Event& event) {
  if (event.phase != Phase::kFact) return;
  PluginState& plugin = state.plugins[std::string(event.key())];
  plugin.running = event.type == "plugin.started";
  if (plugin.running) {
    plugin.pid = read_integer(event.data, "pid").value_or(0);
    plugin.version = read_text(event.data, "version");
    plugin.capabilities = member(event.data, "capabilities");
    plugin.reason.clear();
    return;
  }
  plugin.pid = 0;
  plugin.reason = read_text(event.data, "reason");
  if (event.type != "plugin.crashed") return;
  if (auto signal = read_integer(event.data, "signal"))
    plugin.reason = "ended by signal " + std::to_string(*signal);
  else if (auto code = read_integer(event.data, "exitCode"))
    plugin.reason = "exited with " + std::to_string(*code);
}

void evolve_daemon(State& state, const Event& event) {
  if (event.is("journal.opened", Phase::kFact)) {
    state.journal = read_text(event.data, "journal");
  } else if (event.is("daemon.started", Phase::kFact)) {
    DaemonInfo& daemon = state.daemon;
    daemon.version = read_text(event.data, "version");
    daemon.commit = read_text(event.data, "commit");
    daemon.boot_id = read_text(event.data, "bootId");
    daemon.data_root = read_text(event.data, "dataRoot");
    daemon.pid = read_integer(event.data, "pid").value_or(0);
    daemon.uid = read_integer(event.data, "uid").value_or(0);
    daemon.started_at_us = event.at_us;
    daemon.running = true;
  } else if (event.is("daemon.stopped", Phase::kFact)) {
    state.daemon.running = false;
  } else if (event.is("accelerator.probed", Phase::kFact)) {
    state.accelerator =
        Accelerator{read_flag(event.data, "usable"), read_text(event.data, "reason"),
                    read_text(event.data, "qemuVersion"), read_text(event.data, "bootId")};
  }
}

}  // namespace bulkhead::model
