// What runtime hosts report, and what waits for it. A report becomes a fact first and is
// acknowledged only then, so that a daemon that dies in between gets it again; a report that is in
// the journal already is acknowledged and dropped.
#include "containers.hpp"
#include "log.hpp"
#include "model/container_decide.hpp"
#include "model/facts.hpp"

namespace bulkhead::engine {
namespace {

const char* event_type(const std::string& reported) {
  if (reported == "container.exited") return "container.exited";
  if (reported == "exec.exited") return "container.exec-exited";
  if (reported == "vm.stopped") return "container.vm-stopped";
  return nullptr;
}

model::Origin from_host(const std::string& id) {
  return {{{"kind", "plugin"}, {"plugin", "runtime-qemu"}, {"container", id}}, std::nullopt, {}};
}

constexpr int kExitCodeWhenLost = 137;  // as if killed: nobody knows better

}  // namespace

void Containers::host_reported(const std::string& id, uint64_t report, const std::string& type,
                               const Json& data) {
  const model::ContainerState* container = state().container(id);
  const char* event = event_type(type);
  if (!container || !event || static_cast<int64_t>(report) <= container->last_report) {
    if (!event) log::warning("container " + id + " reported an unknown " + type);
    return parts_.hosts.ack(id, report);
  }
  Json fact = data;
  fact["report"] = report;
  ledger().record({model::fact("container/" + id, event, std::move(fact), from_host(id))},
                  [this, id, report, type](const Result<std::vector<model::Event>>& committed) {
                    // Not acknowledged, it comes again when the host is next adopted.
                    if (!committed)
                      return log::error("a report of " + id +
                                        " is not journaled: " + committed.error().message);
                    parts_.hosts.ack(id, report);
                    if (type == "vm.stopped") parts_.hosts.dismiss(id);
                  });
}

// A host that wasn't dismissed has died, and QEMU with it.
void Containers::host_gone(const std::string& id, bool dismissed, const std::string& how) {
  const model::ContainerState* container = state().container(id);
  if (!container) return;
  model::Decision events;
  model::Origin origin{{{"kind", "daemon"}}, std::nullopt, {}};
  if (!dismissed && container->host) {
    bool ran = container->state == model::Lifecycle::kRunning ||
               container->state == model::Lifecycle::kStopping;
    if (ran && container->exited_run < container->runs) {
      events.push_back(model::fact("container/" + id, "container.exited",
                                   {{"exitCode", kExitCodeWhenLost},
                                    {"oomKilled", false},
                                    {"reason", "host-lost"},
                                    {"detail", how}},
                                   origin));
    }
    events.push_back(model::fact("container/" + id, "container.vm-stopped",
                                 {{"clean", false}, {"reason", "host " + how}}, origin));
  }
  if (events.empty()) return auto_remove(id);
  ledger().record(std::move(events),
                  [this, id](const Result<std::vector<model::Event>>&) { auto_remove(id); });
}

void Containers::auto_remove(const std::string& id) {
  const model::ContainerState* container = state().container(id);
  // Nor does one stay whose only start failed: the client that would have removed it may be gone.
  bool ended =
      container && (container->state == model::Lifecycle::kStopped ||
                    (container->state == model::Lifecycle::kCreated && container->runs > 0));
  if (!ended || !container->auto_remove) return;
  model::Origin origin{{{"kind", "daemon"}}, std::nullopt, {}};
  remove({id, false, "auto-remove"}, origin, [id](const Result<Json>& removed) {
    if (!removed) log::warning("automatic removal of " + id + ": " + removed.error().message);
  });
}

// An operation that an earlier daemon asked for: its intent is still open unless recovery was
// faster.
void Containers::host_completed(const std::string& id, uint64_t op, const Result<Json>& result) {
  const model::Operation* operation = state().operation(static_cast<model::Seq>(op));
  if (!operation || operation->type != "container.exec") return;
  log::info("container " + id + ": operation " + std::to_string(op) + " had ended meanwhile");
  ledger().record({result ? model::outcome_recovered(*operation, *result)
                          : model::outcome_failed(*operation, result.error())});
}

std::shared_ptr<void> Containers::wait(const std::string& id, Condition condition, Answer done) {
  auto met = [this, id, condition]() -> std::optional<Json> {
    const model::ContainerState* container = state().container(id);
    if (!container) return Json::object();
    if (condition == Condition::kRemoved || container->up()) return std::nullopt;
    if (container->state == model::Lifecycle::kDeleting) return std::nullopt;
    return container->exit_code ? Json{{"exitCode", *container->exit_code}} : Json::object();
  };
  if (auto now = met()) {
    done(std::move(*now));
    return nullptr;
  }
  // What the container exited with is known before it is gone; a waiter for removal wants it too.
  struct Waiter {
    store::Ledger& ledger;
    int subscription = 0;
    bool answered = false;
    Json last = Json::object();
    ~Waiter() { ledger.unsubscribe(subscription); }
  };
  auto waiter = std::make_shared<Waiter>(Waiter{ledger()});
  std::weak_ptr<Waiter> weak = waiter;
  std::string stream = "container/" + id;
  waiter->subscription = ledger().subscribe(
      [this, weak, stream, met, done = std::move(done), id](const model::Event& event) {
        auto self = weak.lock();
        if (!self || self->answered || event.stream != stream) return;
        if (const auto* container = state().container(id); container && container->exit_code)
          self->last["exitCode"] = *container->exit_code;
        if (auto now = met()) {
          self->answered = true;
          if (now->empty()) *now = self->last;
          done(std::move(*now));
        }
      });
  return waiter;
}

void Containers::stats(std::vector<std::string> ids, Answer done) {
  struct Collected {
    size_t left = 1;
    std::map<std::string, Json> found;
  };
  auto collected = std::make_shared<Collected>();
  auto one_done = [collected, done = std::move(done)] {
    if (--collected->left > 0) return;
    Json all = Json::array();
    for (auto& [id, stats] : collected->found) all.push_back(std::move(stats));
    done(std::move(all));
  };
  for (const std::string& id : ids) {
    PluginPort* host = parts_.hosts.find(id);
    if (!host) continue;
    ++collected->left;
    host->ask("runtime.stats", Json::object(), [collected, id, one_done](Result<Json> stats) {
      if (stats) {
        (*stats)["id"] = id;
        collected->found[id] = std::move(*stats);
      }
      one_done();
    });
  }
  one_done();
}

}  // namespace bulkhead::engine
