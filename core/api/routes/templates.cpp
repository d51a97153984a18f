// Templates of machines: list, build, prune.
#include "model/guest_bodies.hpp"
#include "model/read_json.hpp"
#include "model/template_shape.hpp"
#include "routes.hpp"

namespace bulkhead::api {
namespace {

void build(const ExchangePtr& exchange, engine::Engine& engine) {
  Json machine = engine.usual_machine();
  if (machine.is_null())
    return exchange->fail({Code::kUnavailable, "there is no kernel to make a template of",
                           "`container system kernel set` sets one"});
  const Json& body = exchange->body();
  if (auto cpus = model::read_integer(body, "cpus")) machine["cpus"] = *cpus;
  if (auto memory = model::read_integer(body, "memoryInBytes")) machine["memoryBytes"] = *memory;
  engine.templates().build(machine,
                           [exchange](const Result<Json>& result) { exchange->answer(result); });
}

}  // namespace

void add_template_routes(Router& router, engine::Engine& engine) {
  router.add({"GET",
              "/v1/system/templates",
              Body::kNone,
              "List the machines that containers are clones of",
              {kAt},
              {answers("TemplateList")},
              [&engine](const ExchangePtr& exchange) {
                with_state(exchange, engine, [](const model::State& state) -> Result<Json> {
                  return model::templates_view(state);
                });
              }});
  router.add({"POST",
              "/v1/system/templates",
              {Body::kJson, "TemplateRequest"},
              "Build the template for such machines, if there is none",
              {},
              {answers("TemplateBuilt")},
              [&engine](const ExchangePtr& exchange) {
                engine.accelerator().verdict(
                    [exchange, &engine](const std::string&) { build(exchange, engine); });
              }});
  router.add({"POST",
              "/v1/system/templates/prune",
              Body::kNone,
              "Delete every template",
              {},
              {answers("TemplatesPruned")},
              [&engine](const ExchangePtr& exchange) {
                engine.templates().prune(origin_of(*exchange), [exchange](const auto& result) {
                  exchange->answer(result);
                });
              }});
}

}  // namespace bulkhead::api
