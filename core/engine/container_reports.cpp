// What runtime hosts report, and what waits for it. A report becomes a fact first and is
// acknowledged only then, so that a daemon that dies in between gets it again; a report that is in
// the journal already is acknowledged and dropped. What follows from a container's facts (the end
// of its host, its removal) waits in the same line (fact_queue.hpp).
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
  const char* event = event_type(type);
  if (!event) {
    log::warning("container " + id + " reported an unknown " + type);
    return parts_.hosts.ack(id, report);
  }
  auto make = [this, id, report, event, data]() -> model::Decision {
    const model::ContainerState* container = state().container(id);
    if (!container || static_cast<int64_t>(report) <= container->last_report) return {};
    Json fact = data;
    fact["report"] = report;
    return {model::fact("container/" + id, event, std::move(fact), from_host(id))};
  };
  facts_.add(id, std::move(make), [this, id, report, type] {
    parts_.hosts.ack(id, report);
    // Its ports and names are nobody's from now on, however long the machine takes to go.
    if (type == "container.exited") parts_.networks.leave(id, [] {});
    if (type == "vm.stopped") parts_.hosts.dismiss(id);
  });
}

// A host that wasn't dismissed has died, and QEMU with it. What it had reported before comes first:
// only then is it known whether the container's end is.
void Containers::host_gone(const std::string& id, bool dismissed, const std::string& how) {
  auto make = [this, id, dismissed, how]() -> model::Decision {
    const model::ContainerState* container = state().container(id);
    if (!container || parts_.hosts.find(id)) return {};
    model::Decision events;
    model::Origin origin{{{"kind", "daemon"}}, std::nullopt, {}};
    if (container->up() && container->start_op == 0)
      events.push_back(model::fact("container/" + id, "container.exited",
                                   {{"exitCode", kExitCodeWhenLost},
                                    {"oomKilled", false},
                                    {"reason", "host-lost"},
                                    {"detail", how}},
                                   origin));
    if (!dismissed && container->host)
      events.push_back(model::fact("container/" + id, "container.vm-stopped",
                                   {{"clean", false}, {"reason", "host " + how}}, origin));
    return events;
  };
  facts_.add(id, std::move(make), [this, id] {
    if (!parts_.hosts.find(id)) parts_.networks.leave(id, [] {});
    auto_remove(id);
  });
}

void Containers::upkeep() {
  facts_.retry();
  // The service ends, whether there is room for the last reports or not.
  if (closing_)
    for (const std::string& id : facts_.stuck()) parts_.hosts.kill(id);
  // An automatic removal that has failed is still owed.
  constexpr unsigned kUpkeepsPerRemoval = 30;
  if (closing_ || ++upkeeps_ % kUpkeepsPerRemoval != 0) return;
  for (const auto& [id, container] : state().containers)
    if (container.auto_remove && !parts_.hosts.find(id)) auto_remove(id);
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
// faster. A start is over here only if it failed: its VM alone is no running container, and
// recovery asks for the rest.
void Containers::host_completed(const std::string& id, uint64_t op, const Result<Json>& result) {
  const model::Operation* found = state().operation(static_cast<model::Seq>(op));
  if (!found) return;
  model::Operation operation = *found;
  bool start_failed = operation.type == "container.start" && !result;
  if (!start_failed && operation.type != "container.exec") return;
  log::info("container " + id + ": operation " + std::to_string(op) + " had ended meanwhile");
  if (!start_failed) return repeat(operation, {result, {}});
  parts_.hosts.kill(id);
  parts_.hosts.when_gone(id, [this, operation, result] { repeat(operation, {result, {}}); });
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
