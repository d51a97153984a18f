// delete and prune: what runs is killed first, then disks, logs and directory go, then the outcome
// says how much came free.
#include <sys/stat.h>

#include <filesystem>

#include "containers.hpp"
#include "log.hpp"
#include "model/container_decide.hpp"
#include "model/facts.hpp"
#include "model/property_decide.hpp"
#include "model/read_json.hpp"
#include "volumes.hpp"

namespace bulkhead::engine {

int64_t Containers::log_bytes(const std::string& id) const {
  int64_t total = 0;
  std::error_code error;
  for (auto it = std::filesystem::recursive_directory_iterator(directory(id), error);
       !error && it != std::filesystem::recursive_directory_iterator(); it.increment(error)) {
    struct stat file {};
    // A link to a mounted file is the user's.
    if (lstat(it->path().c_str(), &file) == 0 && S_ISREG(file.st_mode) && file.st_nlink == 1)
      total += int64_t{file.st_blocks} * 512;
  }
  return total;
}

void Containers::remove(const model::DeleteContainer& command, const model::Origin& origin,
                        Answer done) {
  std::string id = command.id;
  Operations::Steps steps;
  steps.decide = [command, origin](const model::State& state) {
    return model::decide_delete(state, command, origin);
  };
  steps.effect = [this, id](const model::Event&, const Report& report) {
    delete_effect(id, report);
  };
  steps.already = [this, id](const Answer& answer) {
    auto handle = std::make_shared<std::shared_ptr<void>>();
    *handle = wait(id, Condition::kRemoved, [handle, id, answer](const Result<Json>&) {
      auto keep = std::exchange(*handle, nullptr);
      answer(Json{{"id", id}, {"reclaimed", 0}});
    });
  };
  parts_.operations.perform(origin, std::move(steps),
                            [id, done = std::move(done)](Result<Json> removed) {
                              if (removed) (*removed)["id"] = id;
                              done(std::move(removed));
                            });
}

void Containers::delete_effect(const std::string& id, const Report& report) {
  // The container.exited that this brings is journaled before the outcome.
  auto off = [this, id, report] {
    parts_.hosts.when_gone(id, [this, id, report] {
      facts_.after(id, [this, id, report] {
        parts_.networks.leave(id, [this, id, report] {
          remove_disks(id, [this, id, report](Effect removed) {
            remove_volumes(id, std::move(removed), report);
          });
        });
      });
    });
  };
  cancel_start(id, "was deleted while it started", [this, id, off] {
    PluginPort* host = parts_.hosts.find(id);
    if (!host) return off();
    host->ask(
        "runtime.stop", {{"signal", 9}, {"timeoutMs", 0}},
        [this, id, off](const Result<Json>& stopped) {
          if (!stopped) {
            log::warning("stop of " + id + " before its deletion: " + stopped.error().message);
            parts_.hosts.kill(id);
          }
          off();
        });
  });
}

// The directory goes even if storage can't delete its part now: the collection finds that, and
// nobody would find this.
void Containers::remove_disks(const std::string& id, const Report& report) {
  parts_.storage.call(unjournaled_op(), "storage.delete", {{"container", id}}, {},
                      [this, id, report](const Result<Json>& deleted) {
                        int64_t reclaimed = log_bytes(id);
                        std::error_code error;
                        std::filesystem::remove_all(directory(id), error);
                        if (!deleted) return report({deleted, {}});
                        if (error)
                          return report({fail(Code::kInternal, "remove the files of container " +
                                                                   id + ": " + error.message()),
                                         {}});
                        reclaimed += model::read_integer(*deleted, "reclaimed").value_or(0);
                        report({Json{{"reclaimed", reclaimed}}, {}});
                      });
}

// A container that has never run has nothing in its volumes that anybody could miss.
bool Containers::takes_volumes_along(const std::string& id) const {
  const model::ContainerState* container = state().container(id);
  if (!container) return false;
  const bool wanted = model::property_value(state(), "volume.removeAnonymous") == "true";
  return container->started_run == 0 || (container->auto_remove && wanted);
}

void Containers::remove_volumes(const std::string& id, Effect so_far, const Report& report) {
  if (!so_far.outcome || !takes_volumes_along(id)) return report(std::move(so_far));
  parts_.volumes.remove_own(id, "auto-remove", [so_far, report](int64_t reclaimed) {
    Json outcome = *so_far.outcome;
    outcome["reclaimed"] = model::read_integer(outcome, "reclaimed").value_or(0) + reclaimed;
    report({std::move(outcome), {}});
  });
}

void Containers::prune(const model::Origin& origin, Answer done) {
  struct Progress {
    size_t left = 1;
    Json deleted = Json::array();
    int64_t reclaimed = 0;
  };
  model::Origin inner{origin.actor, origin.cause, {}};  // a key names one operation
  auto progress = std::make_shared<Progress>();
  auto one_done = [progress, done = std::move(done)] {
    if (--progress->left == 0)
      done(Json{{"deleted", progress->deleted}, {"reclaimed", progress->reclaimed}});
  };
  for (const std::string& id : model::prunable_containers(state())) {
    ++progress->left;
    remove({id, false, "prune"}, inner, [progress, id, one_done](const Result<Json>& removed) {
      if (removed) {
        progress->deleted.push_back(id);
        progress->reclaimed += model::read_integer(*removed, "reclaimed").value_or(0);
      }  // else it was started or deleted meanwhile, which is no failure of a prune
      one_done();
    });
  }
  one_done();
}

void Containers::recover_delete(const model::Operation& operation, std::function<void()> done) {
  std::string id = operation.stream.substr(operation.stream.find('/') + 1);
  delete_effect(id, [this, operation, done](Effect effect) {
    effect.recovered = true;
    parts_.operations.conclude(operation, {}, std::move(effect),
                               [done](const Result<Json>&) { done(); });
  });
}

}  // namespace bulkhead::engine
