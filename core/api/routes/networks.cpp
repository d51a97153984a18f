// Networks, and the domains below which containers have names.
#include "bulkhead/json.hpp"
#include "model/network_decide.hpp"
#include "routes.hpp"

namespace bulkhead::api {
namespace {

constexpr Response kNoNetwork = refuses(404, "There is no such network.");

void create(const ExchangePtr& exchange, engine::Engine& engine) {
  const Json& body = exchange->body();
  model::CreateNetwork command;
  command.name = string_or(body, "name", "");
  command.subnet = string_or(body, "subnet", "");
  command.subnet_v6 = string_or(body, "subnetV6", "");
  command.internal = body.value("internal", false);
  command.plugin = string_or(body, "plugin", "");
  command.labels = body.value("labels", Json());
  command.options = body.value("options", Json());
  engine.networks().create(
      std::move(command), origin_of(*exchange),
      [exchange](const Result<Json>& result) { exchange->answer(result, 201); });
}

}  // namespace

void add_network_routes(Router& router, engine::Engine& engine) {
  router.add({"GET",
              "/v1/networks",
              Body::kNone,
              "List networks",
              {kAt},
              {answers("NetworkList")},
              [&engine](const ExchangePtr& exchange) {
                with_state(exchange, engine, [](const model::State& state) -> Result<Json> {
                  return model::networks_view(state);
                });
              }});
  router.add({"POST",
              "/v1/networks",
              {Body::kJson, "NetworkRequest"},
              "Create a network",
              {},
              {answers("Network", 201), refuses(409, "The name or the subnet is taken.")},
              [&engine](const ExchangePtr& exchange) { create(exchange, engine); }});
  router.add({"POST",
              "/v1/networks/prune",
              Body::kNone,
              "Delete every network that no container refers to",
              {},
              {answers("NetworksDeleted")},
              [&engine](const ExchangePtr& exchange) {
                engine.networks().prune(
                    origin_of(*exchange),
                    [exchange](const Result<Json>& result) { exchange->answer(result); });
              }});
  router.add({"GET",
              "/v1/networks/{network}",
              Body::kNone,
              "Inspect a network",
              {kAt},
              {answers("Network"), kNoNetwork},
              [&engine](const ExchangePtr& exchange) {
                with_state(
                    exchange, engine,
                    [name = exchange->param("network")](const model::State& state) -> Result<Json> {
                      auto network = model::find_network(state, name);
                      if (!network) return bulkhead::fail(std::move(network.error()));
                      return model::network_view(**network);
                    });
              }});
  router.add({"DELETE",
              "/v1/networks/{network}",
              Body::kNone,
              "Delete a network",
              {},
              {answers("NetworkId"), kNoNetwork, refuses(409, "A container refers to it.")},
              [&engine](const ExchangePtr& exchange) {
                engine.networks().remove(
                    exchange->param("network"), origin_of(*exchange),
                    [exchange](const Result<Json>& result) { exchange->answer(result); });
              }});
}

void add_dns_routes(Router& router, engine::Engine& engine) {
  router.add({"GET",
              "/v1/system/dns",
              Body::kNone,
              "List domains of containers",
              {kAt},
              {answers("DomainList")},
              [&engine](const ExchangePtr& exchange) {
                with_state(exchange, engine, [](const model::State& state) -> Result<Json> {
                  Json domains = Json::array();
                  for (const auto& [domain, localhost] : state.domains) domains.push_back(domain);
                  return domains;
                });
              }});
  router.add({"POST",
              "/v1/system/dns",
              {Body::kJson, "DomainRequest"},
              "Create a domain",
              {},
              {answers("Domain", 201), refuses(409, "It exists.")},
              [&engine](const ExchangePtr& exchange) {
                const Json& body = exchange->body();
                engine.networks().create_domain(
                    string_or(body, "domain", ""), string_or(body, "localhost", ""),
                    origin_of(*exchange), [exchange, &engine](const Result<Json>& result) {
                      // Whoever hears that there is a domain may ask for its names at once.
                      engine.host_names().when_settled(
                          [exchange, result] { exchange->answer(result, 201); });
                    });
              }});
  router.add({"DELETE",
              "/v1/system/dns/{domain}",
              Body::kNone,
              "Delete a domain",
              {},
              {answers("Domain"), refuses(404, "There is no such domain.")},
              [&engine](const ExchangePtr& exchange) {
                engine.networks().remove_domain(
                    exchange->param("domain"), origin_of(*exchange),
                    [exchange](const Result<Json>& result) { exchange->answer(result); });
              }});
}

}  // namespace bulkhead::api
