// The table of routes: what exists, what it takes, what it answers, who does it, and one line about
// it. The same table makes the OpenAPI document, so the two can't drift apart; the test of
// docs/reference/api.md reads it as well. Schemas are named as in openapi_schemas.json.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "exchange.hpp"
#include "response.hpp"

namespace bulkhead::api {

enum class Body {
  kNone,    // ignored if sent
  kJson,    // an object of at most 1 MiB, collected before the handler runs
  kStream,  // bytes for a descriptor: passed along with the request, or pumped into a pipe as they
            // come
};

struct RequestBody {
  RequestBody(Body body, const char* name = nullptr) : kind(body), schema(name) {}

  Body kind;
  const char* schema;  // of Body::kJson: checked before the handler runs (body_check.hpp)
};

struct Parameter {
  const char* name;
  const char* description;
  const char* schema = "Text";
  const char* in = "query";
};

struct Route {
  const char* method;
  const char* pattern;  // "/v1/containers/{id}/start"
  RequestBody body;
  const char* summary;
  std::vector<Parameter> parameters;  // besides those of the pattern
  std::vector<Response> responses;
  std::function<void(const ExchangePtr&)> handler;
};

class Router {
 public:
  void add(Route route) { routes_.push_back(std::move(route)); }
  const std::vector<Route>& routes() const { return routes_; }

  // Parses the target, finds the route and sets the exchange's parameters. 404 and, for a known
  // path, 405 sentences.
  Result<const Route*> match(Exchange& exchange) const;

 private:
  std::vector<Route> routes_;
};

}  // namespace bulkhead::api
