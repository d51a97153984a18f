#include "volumes.hpp"

#include <deque>

#include "log.hpp"
#include "model/facts.hpp"
#include "model/read_json.hpp"
#include "model/volume_use.hpp"
#include "model/volume_view.hpp"

namespace bulkhead::engine {
namespace {

std::string name_in(const model::Operation& operation) {
  return operation.stream.substr(operation.stream.find('/') + 1);
}

Json anonymous_labels(const Json& volume) {
  if (!model::read_flag(volume, "anonymous")) return Json::object();
  return {{model::kAnonymousLabel, ""}};
}

}  // namespace

void Volumes::create(const model::CreateVolume& command, const model::Origin& origin, Answer done) {
  Operations::Steps steps;
  steps.decide = [command, origin](const model::State& state) {
    return model::decide_volume_create(state, command, origin);
  };
  steps.effect = [this](const model::Event& intent, const Report& report) {
    storage_.call(static_cast<uint64_t>(intent.seq), "storage.create-volume",
                  model::volume_request(std::string(intent.key()), intent.data), {},
                  [report](Result<Json> made) {
                    report({std::move(made), {}});
                  });
  };
  steps.answer = [this](const model::Operation& intent, const Json&) -> Result<Json> {
    auto volume = model::find_volume(state(), name_in(intent));
    if (!volume) return fail(std::move(volume.error()));
    return model::volume_view(**volume, {});
  };
  operations_.perform(origin, std::move(steps), std::move(done));
}

void Volumes::remove(const model::DeleteVolume& command, const model::Origin& origin, Answer done) {
  Operations::Steps steps;
  steps.decide = [command, origin](const model::State& state) {
    return model::decide_volume_delete(state, command, origin);
  };
  steps.effect = [this](const model::Event& intent, const Report& report) {
    storage_.call(static_cast<uint64_t>(intent.seq), "storage.delete-volume",
                  {{"volume", intent.key()}}, {}, [report](Result<Json> removed) {
                    report({std::move(removed), {}});
                  });
  };
  steps.answer = [](const model::Operation& intent, const Json& outcome) {
    return Json{{"id", name_in(intent)},
                {"reclaimed", model::read_integer(outcome, "reclaimed").value_or(0)}};
  };
  operations_.perform(origin, std::move(steps), std::move(done));
}

// One after the other: storage does them so anyway. What is refused meanwhile (somebody mounts it
// now) stays.
void Volumes::remove_each(std::vector<std::string> names, model::DeleteVolume like,
                          const model::Origin& origin,
                          std::function<void(std::vector<std::string>, int64_t)> then) {
  struct Progress {
    std::vector<std::string> deleted;
    int64_t reclaimed = 0;
    std::function<void(size_t)> next;
  };
  auto progress = std::make_shared<Progress>();
  progress->next = [this, progress, names = std::move(names), like = std::move(like), origin,
                    then = std::move(then)](size_t index) mutable {
    if (index == names.size()) {
      auto keep = std::exchange(progress->next, nullptr);  // it holds itself until here
      return then(std::move(progress->deleted), progress->reclaimed);
    }
    like.name = names[index];
    remove(like, origin, [progress, name = names[index], index](const Result<Json>& removed) {
      if (removed) {
        progress->deleted.push_back(name);
        progress->reclaimed += model::read_integer(*removed, "reclaimed").value_or(0);
      } else {
        log::warning("volume " + name + " stays: " + removed.error().message);
      }
      progress->next(index + 1);
    });
  };
  progress->next(0);
}

void Volumes::prune(const model::Origin& origin, Answer done) {
  const model::Origin inner{origin.actor, origin.cause, {}};  // a key names one operation
  remove_each(model::prunable_volumes(state()), {{}, "prune", {}}, inner,
              [done = std::move(done)](const std::vector<std::string>& deleted, int64_t reclaimed) {
                done(Json{{"deleted", deleted}, {"reclaimed", reclaimed}});
              });
}

void Volumes::remove_own(const std::string& container, const std::string& reason,
                         std::function<void(int64_t reclaimed)> then) {
  const model::ContainerState* owner = state().container(container);
  if (!owner) return then(0);
  const model::Origin origin{{{"kind", "daemon"}}, owner->created_seq, {}};
  remove_each(model::own_anonymous_volumes(state(), *owner), {{}, reason, container}, origin,
              [then = std::move(then)](const std::vector<std::string>&, int64_t reclaimed) {
                then(reclaimed);
              });
}

struct Volumes::Missing {
  model::Seq cause;
  std::string container;
  std::deque<Json> left;
  Json paths = Json::object();
  Answer done;
};

void Volumes::make_missing(const model::Event& intent, Answer done) {
  auto missing = std::make_shared<Missing>();
  missing->cause = intent.seq;
  missing->container = intent.key();
  for (const Json& volume : model::member(intent.data, "volumes")) missing->left.push_back(volume);
  missing->done = std::move(done);
  make_next(missing);
}

void Volumes::make_next(const std::shared_ptr<Missing>& missing) {
  if (missing->left.empty()) return missing->done(missing->paths);
  const Json wanted = std::move(missing->left.front());
  missing->left.pop_front();
  const std::string name = model::read_text(wanted, "name");
  auto made = [this, missing, name](const Result<Json>& volume) {
    if (!volume) return missing->done(fail(Error(volume.error()).context("volume " + name)));
    const model::VolumeState* there = state().volume(name);
    missing->paths[name] = there ? there->source : std::string();
    make_next(missing);
  };
  if (const model::VolumeState* there = state().volume(name)) return await(*there, made);
  model::CreateVolume command;
  command.name = name;
  command.labels = anonymous_labels(wanted);
  command.container = missing->container;
  create(command, {{{"kind", "daemon"}}, missing->cause, {}},
         [this, name, made](const Result<Json>& volume) {
           // Somebody else's creation was decided first.
           const model::VolumeState* there = state().volume(name);
           if (!volume && volume.error().code == Code::kConflict && there)
             return await(*there, made);
           made(volume);
         });
}

// Until it is made, if it isn't yet.
void Volumes::await(const model::VolumeState& volume, Answer done) {
  if (volume.exists()) return done(Json::object());
  store::Ledger& ledger = operations_.ledger();
  auto id = std::make_shared<int>();
  *id = ledger.subscribe(
      [&ledger, id, op = volume.create_op, done = std::move(done)](const model::Event& event) {
        if (event.phase != model::Phase::kOutcome || event.op != op) return;
        const Answer answer = done;  // unsubscribing ends this function's captures
        const model::Event outcome = event;
        ledger.unsubscribe(*id);
        answer(model::outcome_result(outcome));
      });
}

void Volumes::usage(std::function<void(const Json&)> then) {
  storage_.ask("storage.usage", Json::object(),
               [then = std::move(then)](const Result<Json>& used) { then(used ? *used : Json()); });
}

// What a user asked for is done again, which does nothing if it was done. What a container's
// creation wanted goes with that creation, which is lost.
void Volumes::recover(const model::Operation& operation, std::function<void()> done) {
  const std::string name = name_in(operation);
  auto conclude = [this, operation, done](Result<Json> result) {
    operations_.conclude(operation, {}, {std::move(result), {}, true},
                         [done](const Result<Json>&) { done(); });
  };
  if (operation.type == "volume.delete")
    return storage_.ask("storage.delete-volume", {{"volume", name}}, conclude);
  if (!operation.data.contains("container"))
    return storage_.ask("storage.create-volume", model::volume_request(name, operation.data),
                        conclude);
  storage_.ask(
      "storage.delete-volume", {{"volume", name}}, [this, operation, done](const Result<Json>&) {
        operations_.lose(operation, "the service ended before the container was made", done);
      });
}

}  // namespace bulkhead::engine
