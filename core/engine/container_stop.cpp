// stop and kill. A stop ends when the VM is off and its process is gone; a kill when the signal is
// delivered, but for KILL, which waits for the end, as the reference does.
#include <algorithm>

#include "containers.hpp"
#include "log.hpp"
#include "model/container_decide.hpp"
#include "model/facts.hpp"
#include "model/read_json.hpp"

namespace bulkhead::engine {
namespace {

std::string id_of(const model::Operation& operation) {
  return operation.stream.substr(operation.stream.find('/') + 1);
}

// A wait's handle must live until it answers: the answer keeps it.
void wait_until(Containers& containers, const std::string& id, Containers::Condition condition,
                Answer then) {
  auto handle = std::make_shared<std::shared_ptr<void>>();
  *handle = containers.wait(id, condition, [handle, then = std::move(then)](Result<Json> result) {
    auto keep = std::exchange(*handle, nullptr);
    then(std::move(result));
  });
}

// The longest that a plugin takes; nobody waits longer.
int64_t timeout_ms(const Json& intent) {
  constexpr int64_t kLongestSeconds = 365 * 24 * 3600;
  int64_t seconds = model::read_integer(intent, "timeoutSeconds").value_or(5);
  return std::clamp(seconds, int64_t{0}, kLongestSeconds) * 1000;
}

}  // namespace

void Containers::stop(const model::StopContainer& command, const model::Origin& origin,
                      Answer done) {
  std::string id = command.id;
  Operations::Steps steps;
  steps.decide = [command, origin](const model::State& state) {
    return model::decide_stop(state, command, origin);
  };
  steps.effect = [this](const model::Event& intent, const Report& report) {
    stop_effect(intent, report);
  };
  // Stopped already, or another stop is under way, whose end is awaited.
  steps.already = [this, id](const Answer& answer) {
    wait_until(*this, id, Condition::kStopped, [id, answer](const Result<Json>&) {
      answer(Json{{"id", id}});
    });
  };
  steps.answer = [id](const model::Operation&, const Json&) { return Json{{"id", id}}; };
  parts_.operations.perform(origin, std::move(steps), std::move(done));
}

void Containers::stop_effect(const model::Event& intent, const Report& report) {
  std::string id(intent.key());
  // The container.exited that the stop brings is journaled before the stop's outcome.
  auto finish = [this, id, report](const Result<Json>& stopped) {
    // The host may have died on the way: then the container is stopped all the same, and host_gone
    // has said so.
    if (!stopped && stopped.error().code != Code::kUnavailable) return report({stopped, {}});
    parts_.hosts.when_gone(id, [this, id, report] {
      facts_.after(id, [this, id, report] {
        // Its ports are free when the stop is answered.
        parts_.networks.leave(id, [this, id, report] {
          Json outcome = Json::object();
          if (const auto* container = state().container(id); container && container->exit_code)
            outcome["exitCode"] = *container->exit_code;
          report({outcome, {}});
        });
      });
    });
  };
  Json request = {{"signal", model::read_small(intent.data, "signal").value_or(15)},
                  {"timeoutMs", timeout_ms(intent.data)}};
  cancel_start(id, "was stopped while it started", [this, id, request, finish] {
    PluginPort* host = parts_.hosts.find(id);
    if (!host) return finish(Json::object());
    host->call(unjournaled_op(), "runtime.stop", request, {}, finish);
  });
}

void Containers::kill(const model::KillContainer& command, const model::Origin& origin,
                      Answer done) {
  Operations::Steps steps;
  steps.decide = [command, origin](const model::State& state) {
    return model::decide_kill(state, command, origin);
  };
  steps.effect = [this, command](const model::Event&, const Report& report) {
    PluginPort* host = parts_.hosts.find(command.id);
    if (!host)
      return report({fail(Code::kConflict, "container " + command.id + " has just ended"), {}});
    Json request = {{"process", "init"}, {"signal", command.signal}};
    host->call(unjournaled_op(), "runtime.signal", request, {}, [report](Result<Json> sent) {
      report({std::move(sent), {}});
    });
  };
  parts_.operations.perform(
      origin, std::move(steps), [this, command, done = std::move(done)](const Result<Json>& sent) {
        Json answer = {{"id", command.id}};
        if (!sent) return done(sent);
        if (command.signal != 9) return done(answer);
        wait_until(*this, command.id, Condition::kStopped,
                   [this, command, answer, done](const Result<Json>&) {
                     parts_.networks.leave(command.id, [answer, done] { done(answer); });
                   });
      });
}

// Also waits for the VMs of containers that have ended by themselves: nothing of the service may be
// left behind. A container that can't be stopped in order, because the disk is full or its stop
// fails, is killed; the next recovery sees that it has ended.
void Containers::stop_all(const model::Origin& origin, std::function<void()> done) {
  std::vector<std::string> ids = parts_.hosts.ids();
  if (ids.empty()) return done();
  model::Origin inner{origin.actor, origin.cause, {}};  // a key names one operation
  auto left = std::make_shared<size_t>(ids.size());
  auto one_gone = [this, left, origin, done = std::move(done)] {
    if (--*left == 0) stop_all(origin, done);
  };
  for (const std::string& id : ids) {
    const model::ContainerState* container = state().container(id);
    if (!container || !container->up()) {
      parts_.hosts.when_gone(id, one_gone);
      continue;
    }
    stop({id, std::nullopt, 5}, inner, [this, id, one_gone](const Result<Json>& stopped) {
      if (!stopped) {
        log::warning("stop of " + id + ": " + stopped.error().message);
        parts_.hosts.kill(id);
      }
      parts_.hosts.when_gone(id, one_gone);
    });
  }
}

// What was promised to a client that may be gone is carried through all the same. Nobody waits for
// it: a stop may take as long as it was given.
void Containers::recover_stop(const model::Operation& operation, std::function<void()> done) {
  model::Event intent;
  intent.seq = operation.op;
  intent.stream = operation.stream;
  intent.type = operation.type;
  intent.data = operation.data;
  stop_effect(intent, [this, operation](Effect effect) { repeat(operation, std::move(effect)); });
  done();
}

void Containers::recover_kill(const model::Operation& operation, std::function<void()> done) {
  PluginPort* host = parts_.hosts.find(id_of(operation));
  auto sent = [this, operation](Result<Json> result) {
    // Sent twice is as good as once for a signal that asks for an end; a container that has ended
    // needs none.
    if (!result && result.error().code == Code::kNotFound) result = Json::object();
    repeat(operation, {std::move(result), {}});
  };
  if (!host) {
    sent(Json::object());
  } else {
    int signal = model::read_small(operation.data, "signal").value_or(9);
    host->ask("runtime.signal", {{"process", "init"}, {"signal", signal}}, sent);
  }
  done();
}

void Containers::repeat(const model::Operation& operation, Effect effect) {
  effect.recovered = true;
  parts_.operations.conclude(operation, {}, std::move(effect), [](const Result<Json>&) {});
}

}  // namespace bulkhead::engine
