#include "model/evolve.hpp"

#include <algorithm>
#include <array>

#include "model/aggregates.hpp"
#include "model/read_json.hpp"
#include "model/template_shape.hpp"

namespace bulkhead::model {
namespace {

struct Known {
  std::string_view type;
  int revision;
};

// Every type of docs/reference/events.md with the newest revision this build folds. Sorted, for the
// search.
constexpr std::array kKnown = {Known{"accelerator.probed", 1},
                               Known{"container.create", 1},
                               Known{"container.delete", 1},
                               Known{"container.exec", 1},
                               Known{"container.exec-exited", 1},
                               Known{"container.exited", 1},
                               Known{"container.host-started", 1},
                               Known{"container.kill", 1},
                               Known{"container.start", 1},
                               Known{"container.stop", 1},
                               Known{"container.vm-stopped", 1},
                               Known{"content.received", 1},
                               Known{"daemon.started", 1},
                               Known{"daemon.stopped", 1},
                               Known{"dns.created", 1},
                               Known{"dns.deleted", 1},
                               Known{"image.delete", 1},
                               Known{"image.deleted", 1},
                               Known{"image.import", 1},
                               Known{"image.load", 1},
                               Known{"image.prune", 1},
                               Known{"image.pull", 1},
                               Known{"image.push", 1},
                               Known{"image.save", 1},
                               Known{"image.tag", 1},
                               Known{"image.tagged", 1},
                               Known{"image.untagged", 1},
                               Known{"journal.migrated", 1},
                               Known{"journal.opened", 1},
                               Known{"kernel.set", 1},
                               Known{"network.created", 1},
                               Known{"network.deleted", 1},
                               Known{"network.host-ended", 1},
                               Known{"network.host-ready", 1},
                               Known{"network.host-started", 1},
                               Known{"plugin.crashed", 1},
                               Known{"plugin.refused", 1},
                               Known{"plugin.started", 1},
                               Known{"plugin.stopped", 1},
                               Known{"property.cleared", 1},
                               Known{"property.set", 1},
                               Known{"registry.login", 1},
                               Known{"registry.logout", 1},
                               Known{"storage.gc", 1},
                               Known{"template.built", 1},
                               Known{"template.dropped", 1},
                               Known{"volume.create", 1},
                               Known{"volume.delete", 1}};

void open_operation(State& state, const Event& event) {
  Operation operation;
  operation.op = event.seq;
  operation.stream = event.stream;
  operation.type = event.type;
  operation.root = event.root;
  operation.at_us = event.at_us;
  operation.actor = event.actor;
  operation.data = event.data;
  state.operations.insert_or_assign(event.seq, std::move(operation));

  std::string key = read_text(event.data, "idempotencyKey");
  if (key.empty()) return;
  state.requests.insert_or_assign(std::move(key), event.seq);
  if (state.requests.size() <= State::kMaxRequests) return;
  auto oldest = std::min_element(state.requests.begin(), state.requests.end(),
                                 [](const auto& a, const auto& b) { return a.second < b.second; });
  state.requests.erase(oldest);
}

void evolve_stream(State& state, const Event& event) {
  std::string_view kind = std::string_view(event.type).substr(0, event.type.find('.'));
  if (kind == "container") return evolve_container(state, event);
  if (kind == "image") return evolve_image(state, event);
  if (kind == "volume") return evolve_volume(state, event);
  if (kind == "property") return evolve_property(state, event);
  if (kind == "network") return evolve_network(state, event);
  if (kind == "dns") return evolve_dns(state, event);
  if (kind == "kernel") return evolve_kernel(state, event);
  if (kind == "plugin") return evolve_plugin(state, event);
  if (kind == "template") return evolve_template(state, event);
  evolve_daemon(state, event);  // ignores what is a record and no state: content.*, registry.*
}

}  // namespace

int known_revision(std::string_view type) {
  auto found =
      std::lower_bound(kKnown.begin(), kKnown.end(), type,
                       [](const Known& known, std::string_view t) { return known.type < t; });
  return found != kKnown.end() && found->type == type ? found->revision : 0;
}

void evolve(State& state, const Event& event) {
  state.seq = event.seq;
  state.at_us = event.at_us;
  // Operations are of the envelope: they open and close also for types and revisions this build
  // doesn't know.
  if (event.phase == Phase::kIntent) open_operation(state, event);

  int known = known_revision(event.type);
  if (known > 0 && event.rev > known)
    state.stalled.emplace(event.stream, "event " + std::to_string(event.seq) + " (" + event.type +
                                            ") has revision " + std::to_string(event.rev) +
                                            ", this version understands " + std::to_string(known));
  if (known > 0 && !state.stalled.count(event.stream)) evolve_stream(state, event);

  if (event.phase == Phase::kOutcome && event.op) state.operations.erase(*event.op);
}

Touched touched_by(const Event& event) {
  Touched touched;
  std::string_view kind = std::string_view(event.stream).substr(0, event.stream.find('/'));
  std::string key(event.key());
  if (kind == "container") touched.container = key;
  if (kind == "property") touched.property = key;
  if (kind == "image") touched.image = true;
  return touched;
}

}  // namespace bulkhead::model
