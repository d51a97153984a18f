// Containers: list, create, inspect, delete, stop, kill, wait, stats, prune.
#include "model/container_decide.hpp"
#include "model/signals.hpp"
#include "model/views.hpp"
#include "routes.hpp"

namespace bulkhead::api {
namespace {

// "TERM", "SIGTERM", "15" or 15; absent: nothing.
Result<std::optional<int>> signal_in(const Json& body) {
  auto it = body.find("signal");
  if (it == body.end() || it->is_null()) return std::optional<int>{};
  auto parsed = model::parse_signal(it->is_number_integer() ? std::to_string(it->get<int64_t>())
                                    : it->is_string()       ? it->get<std::string>()
                                                            : "?");
  if (!parsed) return bulkhead::fail(std::move(parsed.error()));
  return std::optional<int>(*parsed);
}

void list(const ExchangePtr& exchange, engine::Engine& engine) {
  bool all = exchange->target().flag("all");
  with_state(exchange, engine, [all](const model::State& state) -> Result<Json> {
    return model::containers_view(state, all);
  });
}

void inspect(const ExchangePtr& exchange, engine::Engine& engine) {
  with_state(exchange, engine,
             [id = exchange->param("id")](const model::State& state) -> Result<Json> {
               auto found = model::find_container(state, id);
               if (!found) return bulkhead::fail(std::move(found.error()));
               return model::container_view(state, **found);
             });
}

void stop(const ExchangePtr& exchange, engine::Engine& engine) {
  std::string id = container_id(exchange, engine);
  if (id.empty()) return;
  auto signal = signal_in(exchange->body());
  if (!signal) return exchange->fail(signal.error());
  const Json& seconds = exchange->body().value("timeoutSeconds", Json(5));
  if (!seconds.is_number_integer() || seconds.get<int64_t>() < 0)
    return exchange->fail(
        {Code::kInvalid, "timeoutSeconds must be a number of seconds from 0 on", {}});
  engine.containers().stop({id, *signal, seconds.get<int64_t>()}, origin_of(*exchange),
                           [exchange](const Result<Json>& result) { exchange->answer(result); });
}

void kill(const ExchangePtr& exchange, engine::Engine& engine) {
  std::string id = container_id(exchange, engine);
  if (id.empty()) return;
  auto signal = signal_in(exchange->body());
  if (!signal) return exchange->fail(signal.error());
  engine.containers().kill({id, signal->value_or(9)}, origin_of(*exchange),
                           [exchange](const Result<Json>& result) { exchange->answer(result); });
}

void wait(const ExchangePtr& exchange, engine::Engine& engine) {
  std::string condition = exchange->target().get("condition").value_or("stopped");
  if (condition != "stopped" && condition != "removed")
    return exchange->fail(
        {Code::kInvalid, "condition is stopped or removed, not " + condition, {}});
  // A container that is removed already has been waited for.
  auto found = model::find_container(engine.state(), exchange->param("id"));
  if (!found && condition == "removed" && found.error().code == Code::kNotFound)
    return exchange->reply(200, Json::object());
  if (!found) return exchange->fail(found.error());
  auto handle = engine.containers().wait(
      (*found)->id,
      condition == "removed" ? engine::Containers::Condition::kRemoved
                             : engine::Containers::Condition::kStopped,
      [exchange](const Result<Json>& result) { exchange->answer(result); });
  exchange->on_closed([handle]() mutable { handle.reset(); });
}

void stats(const ExchangePtr& exchange, engine::Engine& engine) {
  std::vector<std::string> ids;
  auto wanted = exchange->target().get_all("id");
  for (const std::string& name : wanted) {
    auto found = model::find_container(engine.state(), name);
    if (!found && found.error().code == Code::kNotFound)
      return exchange->fail({Code::kNotFound, "no such container: " + name, {}});
    if (!found) return exchange->fail(found.error());
    if ((*found)->state != model::Lifecycle::kRunning)
      return exchange->fail({Code::kConflict, "container " + (*found)->id + " is not running", {}});
    ids.push_back((*found)->id);
  }
  if (wanted.empty())
    for (const auto& [id, container] : engine.state().containers)
      if (container.state == model::Lifecycle::kRunning) ids.push_back(id);
  engine.containers().stats(std::move(ids),
                            [exchange](const Result<Json>& result) { exchange->answer(result); });
}

void one_stats(const ExchangePtr& exchange, engine::Engine& engine) {
  std::string id = container_id(exchange, engine);
  if (id.empty()) return;
  engine.containers().stats({id}, [exchange, id](const Result<Json>& result) {
    if (!result) return exchange->fail(result.error());
    if (result->empty())
      return exchange->fail({Code::kConflict, "container " + id + " is not running", {}});
    exchange->reply(200, result->front());
  });
}

void remove(const ExchangePtr& exchange, engine::Engine& engine) {
  std::string id = container_id(exchange, engine);
  if (id.empty()) return;
  engine.containers().remove({id, exchange->target().flag("force"), "requested"},
                             origin_of(*exchange),
                             [exchange](const Result<Json>& result) { exchange->answer(result); });
}

}  // namespace

void add_container_routes(Router& router, engine::Engine& engine) {
  auto bind = [&engine](void (*handler)(const ExchangePtr&, engine::Engine&)) {
    return [handler, &engine](const ExchangePtr& exchange) { handler(exchange, engine); };
  };
  router.add({"GET",
              "/v1/containers",
              Body::kNone,
              "List containers",
              {{"all", "also those that don't run", "Flag"}, kAt},
              {answers("ContainerList")},
              bind(list)});
  router.add({"POST",
              "/v1/containers",
              {Body::kJson, "ContainerRequest"},
              "Create a container",
              {},
              {answers("ContainerCreated", 201), kNoImage, refuses(409, "The name is taken.")},
              [&engine](const ExchangePtr& exchange) {
                engine.containers().create(
                    exchange->body(), origin_of(*exchange),
                    [exchange](const Result<Json>& result) { exchange->answer(result, 201); });
              }});
  router.add({"POST",
              "/v1/containers/prune",
              Body::kNone,
              "Delete every container that doesn't run",
              {},
              {answers("PruneResult")},
              [&engine](const ExchangePtr& exchange) {
                engine.containers().prune(
                    origin_of(*exchange),
                    [exchange](const Result<Json>& result) { exchange->answer(result); });
              }});
  router.add({"GET",
              "/v1/containers/{id}",
              Body::kNone,
              "Inspect a container",
              {kAt},
              {answers("Container"), kNoContainer, kAmbiguous},
              bind(inspect)});
  router.add({"DELETE",
              "/v1/containers/{id}",
              Body::kNone,
              "Delete a container",
              {{"force", "also if it runs", "Flag"}},
              {answers("ContainerDeleted"), kNoContainer, kAmbiguous, refuses(409, "It runs.")},
              bind(remove)});
  router.add({"POST",
              "/v1/containers/{id}/stop",
              {Body::kJson, "StopRequest"},
              "Stop a container",
              {},
              {answers("ContainerId"), kNoContainer, kAmbiguous},
              bind(stop)});
  router.add({"POST",
              "/v1/containers/{id}/kill",
              {Body::kJson, "KillRequest"},
              "Send a signal to a container's process; KILL waits for its end",
              {},
              {answers("ContainerId"), kNoContainer, kAmbiguous, refuses(409, "It doesn't run.")},
              bind(kill)});
  router.add({"GET",
              "/v1/containers/{id}/wait",
              Body::kNone,
              "Wait for the end or the removal of a container",
              {{"condition", "what to wait for", "WaitCondition"}},
              {answers("WaitResult"), kNoContainer, kAmbiguous},
              bind(wait)});
  router.add({"GET",
              "/v1/containers/{id}/stats",
              Body::kNone,
              "Resource usage of a running container",
              {},
              {answers("Stats"), kNoContainer, kAmbiguous, refuses(409, "It doesn't run.")},
              bind(one_stats)});
  router.add({"GET",
              "/v1/stats",
              Body::kNone,
              "Resource usage of several containers",
              {{"id", "a container; may come several times; default: all running", "Names"}},
              {answers("StatsList"), kNoContainer, kAmbiguous, refuses(409, "One doesn't run.")},
              bind(stats)});
}

}  // namespace bulkhead::api
