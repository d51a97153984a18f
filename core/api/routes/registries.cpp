// Logins to registries. A password comes in a body and goes to the plugin: the request isn't
// digested for an Idempotency-Key, because the digest of a short password is as good as the
// password.
#include "bulkhead/json.hpp"
#include "routes.hpp"

namespace bulkhead::api {

void add_registry_routes(Router& router, engine::Engine& engine) {
  router.add({"GET",
              "/v1/registries",
              Body::kNone,
              "List logins",
              {},
              {answers("LoginList")},
              [&engine](const ExchangePtr& exchange) {
                engine.registries().list(
                    [exchange](const Result<Json>& logins) { exchange->answer(logins); });
              }});
  router.add(
      {"POST",
       "/v1/registries/login",
       {Body::kJson, "LoginRequest"},
       "Log in to a registry",
       {},
       {answers("LoginKept"), refuses(403, "The registry refuses it.")},
       [&engine](const ExchangePtr& exchange) {
         const Json& body = exchange->body();
         for (const char* key : {"server", "username", "password"})
           if (string_or(body, key, "").empty())
             return exchange->fail({Code::kInvalid, std::string(key) + " must not be empty", {}});
         const Json request = {{"server", body["server"]},
                               {"username", body["username"]},
                               {"password", body["password"]},
                               {"scheme", string_or(body, "scheme", "auto")}};
         engine.registries().login(
             request, model::Origin{exchange->actor(), std::nullopt, {}},
             [exchange](const Result<Json>& kept) { exchange->answer(kept); });
       }});
  router.add({"DELETE",
              "/v1/registries/{server}",
              Body::kNone,
              "Forget a login",
              {},
              {answers("LoginRemoved")},
              [&engine](const ExchangePtr& exchange) {
                engine.registries().logout(
                    exchange->param("server"), origin_of(*exchange),
                    [exchange](const Result<Json>& removed) { exchange->answer(removed); });
              }});
}

}  // namespace bulkhead::api
