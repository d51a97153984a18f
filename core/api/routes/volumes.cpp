// Volumes: list, create, inspect, delete, prune.
#include "bulkhead/json.hpp"
#include "model/read_json.hpp"
#include "model/volume_view.hpp"
#include "routes.hpp"

namespace bulkhead::api {
namespace {

constexpr Response kNoVolume = refuses(404, "There is no such volume.");

Json object_in(const Json& body, const char* key) {
  const Json& value = model::member(body, key);
  return value.is_object() ? value : Json::object();
}

void create(const ExchangePtr& exchange, engine::Engine& engine) {
  const Json& body = exchange->body();
  model::CreateVolume command;
  command.name = model::read_text(body, "name");
  command.labels = object_in(body, "labels");
  command.options = object_in(body, "options");
  command.bytes = model::read_integer(body, "sizeInBytes");
  engine.volumes().create(command, origin_of(*exchange), [exchange](const Result<Json>& result) {
    exchange->answer(result, 201);
  });
}

// What it takes on the host is known now only, and not of the past.
void inspect(const ExchangePtr& exchange, engine::Engine& engine) {
  const std::string name = exchange->param("volume");
  auto view = [name](const model::State& state, const Json& used) -> Result<Json> {
    auto found = model::find_volume(state, name);
    if (!found) return bulkhead::fail(std::move(found.error()));
    return model::volume_view(**found, used);
  };
  if (exchange->target().get("at") || !model::find_volume(engine.state(), name))
    return with_state(exchange, engine,
                      [view](const model::State& state) { return view(state, {}); });
  engine.volumes().usage([exchange, &engine, view](const Json& used) {
    exchange->answer(view(engine.state(), used));
  });
}

}  // namespace

void add_volume_routes(Router& router, engine::Engine& engine) {
  auto answer = [](const ExchangePtr& exchange) {
    return [exchange](const Result<Json>& result) { exchange->answer(result); };
  };
  router.add({"GET",
              "/v1/volumes",
              Body::kNone,
              "List volumes",
              {kAt},
              {answers("VolumeList")},
              [&engine](const ExchangePtr& exchange) {
                with_state(exchange, engine, [](const model::State& state) -> Result<Json> {
                  return model::volumes_view(state);
                });
              }});
  router.add({"POST",
              "/v1/volumes",
              {Body::kJson, "VolumeRequest"},
              "Create a volume",
              {},
              {answers("Volume", 201), refuses(409, "The name is taken.")},
              [&engine](const ExchangePtr& exchange) { create(exchange, engine); }});
  router.add({"POST",
              "/v1/volumes/prune",
              Body::kNone,
              "Delete volumes that no container mounts",
              {},
              {answers("VolumesPruned")},
              [&engine, answer](const ExchangePtr& exchange) {
                engine.volumes().prune(origin_of(*exchange), answer(exchange));
              }});
  router.add({"GET",
              "/v1/volumes/{volume}",
              Body::kNone,
              "Inspect a volume",
              {kAt},
              {answers("Volume"), kNoVolume},
              [&engine](const ExchangePtr& exchange) { inspect(exchange, engine); }});
  router.add({"DELETE",
              "/v1/volumes/{volume}",
              Body::kNone,
              "Delete a volume and what is in it",
              {},
              {answers("VolumeDeleted"), kNoVolume, refuses(409, "A container mounts it.")},
              [&engine, answer](const ExchangePtr& exchange) {
                engine.volumes().remove({exchange->param("volume")}, origin_of(*exchange),
                                        answer(exchange));
              }});
}

}  // namespace bulkhead::api
