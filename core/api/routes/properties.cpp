// System properties: read from the state, changed by events.
#include "model/property_decide.hpp"
#include "model/views.hpp"
#include "routes.hpp"

namespace bulkhead::api {
namespace {

constexpr Response kNoProperty = refuses(404, "There is no such property.");

void decide(const ExchangePtr& exchange, engine::Engine& engine, store::Ledger::Command command) {
  std::string key = exchange->param("key");
  engine.ledger().decide(std::move(command), [exchange, &engine,
                                              key](const Result<std::vector<model::Event>>&
                                                       committed) {
    if (!committed) return exchange->fail(committed.error());
    exchange->reply(200, {{"key", key}, {"value", model::property_in_force(engine.state(), key)}});
  });
}

void set(const ExchangePtr& exchange, engine::Engine& engine) {
  Json value = exchange->body().value("value", Json());
  std::string text = value.is_string() ? value.get<std::string>()
                     : value.is_null() ? ""
                                       : value.dump();
  if (value.is_null() || value.is_structured())
    return exchange->fail({Code::kInvalid, "the body must be {\"value\": \"...\"}", {}});
  decide(exchange, engine,
         [key = exchange->param("key"), text,
          origin = origin_of(*exchange)](const model::State& state) {
           return model::decide_property_set(state, key, text, origin);
         });
}

}  // namespace

void add_property_routes(Router& router, engine::Engine& engine) {
  router.add({"GET",
              "/v1/system/properties",
              Body::kNone,
              "List properties",
              {kAt},
              {answers("Properties")},
              [&engine](const ExchangePtr& exchange) {
                with_state(exchange, engine, [](const model::State& state) -> Result<Json> {
                  return model::properties_view(state);
                });
              }});
  router.add(
      {"GET",
       "/v1/system/properties/{key}",
       Body::kNone,
       "Read a property",
       {kAt},
       {answers("PropertyValue"), refuses(404, "There is no such property, or it is unset.")},
       [&engine](const ExchangePtr& exchange) {
         with_state(exchange, engine, [key = exchange->param("key")](const model::State& state) {
           return model::property_view(state, key);
         });
       }});
  router.add({"PUT",
              "/v1/system/properties/{key}",
              {Body::kJson, "PropertyRequest"},
              "Set a property",
              {},
              {answers("PropertyValue"), kNoProperty, refuses(400, "The value doesn't suit it.")},
              [&engine](const ExchangePtr& exchange) { set(exchange, engine); }});
  router.add({"DELETE",
              "/v1/system/properties/{key}",
              Body::kNone,
              "Back to the default",
              {},
              {answers("PropertyValue"), kNoProperty},
              [&engine](const ExchangePtr& exchange) {
                decide(exchange, engine,
                       [key = exchange->param("key"),
                        origin = origin_of(*exchange)](const model::State& state) {
                         return model::decide_property_clear(state, key, origin);
                       });
              }});
}

}  // namespace bulkhead::api
