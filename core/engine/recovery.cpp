#include "recovery.hpp"

#include <filesystem>
#include <set>

#include "log.hpp"
#include "model/facts.hpp"

namespace bulkhead::engine {
namespace {

bool is_repeated(const model::Operation& operation) {
  return operation.type == "container.stop" || operation.type == "container.kill";
}

}  // namespace

void Recovery::begin() {
  adopt_hosts();
}

void Recovery::adopt_hosts() {
  adopting_ = 1;
  auto self = shared_from_this();
  auto one_done = [self] {
    if (--self->adopting_ > 0) return;
    for (bool repeated : {false, true})
      for (const auto& [op, operation] : self->parts_.ledger.state().operations)
        if (repeated == is_repeated(operation)) self->open_.push_back(operation);
    self->next_operation();
  };
  for (const auto& [id, container] : parts_.ledger.state().containers) {
    if (!container.host) continue;
    ++adopting_;
    parts_.hosts.adopt(id, *container.host, [self, id = id, one_done](const Status& adopted) {
      if (adopted) {
        log::info("container " + id + ": its host is adopted");
      } else {
        self->parts_.containers.host_gone(id, false, "did not survive: " + adopted.error().message);
      }
      one_done();
    });
  }
  one_done();
}

void Recovery::next_operation() {
  if (open_.empty()) return collect();
  model::Operation operation = std::move(open_.front());
  open_.pop_front();
  auto then = [self = shared_from_this()] { self->next_operation(); };
  // Its host may have told its end already.
  if (!parts_.ledger.state().operation(operation.op)) return then();
  log::info("operation " + std::to_string(operation.op) + " (" + operation.type + " of " +
            operation.stream + ") was open");
  closed_some_ = true;
  recover(operation, std::move(then));
}

void Recovery::recover(const model::Operation& operation, std::function<void()> then) {
  Containers& containers = parts_.containers;
  const std::string& type = operation.type;
  if (type == "container.create") return containers.recover_create(operation, std::move(then));
  if (type == "container.start") return containers.recover_start(operation, std::move(then));
  if (type == "container.stop") return containers.recover_stop(operation, std::move(then));
  if (type == "container.kill") return containers.recover_kill(operation, std::move(then));
  if (type == "container.exec") return containers.recover_exec(operation, std::move(then));
  if (type == "container.delete") return containers.recover_delete(operation, std::move(then));
  if (type == "kernel.set") return parts_.kernels.recover(operation, std::move(then));
  if (type.starts_with("image.") || type == "storage.gc")
    return parts_.images.recover(operation, std::move(then));
  if (type.starts_with("volume.")) return parts_.volumes.recover(operation, std::move(then));
  if (type.starts_with("registry."))
    return parts_.operations.lose(operation, "the service ended before it was done",
                                  std::move(then));
  parts_.operations.lose(operation, "this version does not know how to finish it", std::move(then));
}

void Recovery::collect() {
  end_orphans();
  // Runs whose end nobody will report any more, and automatic removals that are owed.
  for (const auto& [id, container] : parts_.ledger.state().containers)
    if (!parts_.hosts.find(id)) parts_.containers.host_gone(id, false, "is not there");
  if (parts_.clean && !closed_some_) return done_();
  parts_.images.collect({}, [self = shared_from_this()](const Result<Json>& collected) {
    if (!collected) log::warning("collection after the restart: " + collected.error().message);
    self->done_();
  });
}

void Recovery::end_orphans() {
  std::set<std::string> claimed;
  for (const auto& [id, container] : parts_.ledger.state().containers)
    if (container.host) claimed.insert(container.host->socket);
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(parts_.socket_dir, error)) {
    if (entry.path().extension() != ".sock" || claimed.contains(entry.path().string())) continue;
    // A host whose start never got as far as its fact: it was never asked for anything.
    log::warning("ending a runtime host that no container claims: " + entry.path().string());
    parts_.hosts.end_orphan(entry.path().string());
  }
}

}  // namespace bulkhead::engine
