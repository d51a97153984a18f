#include "openapi.hpp"

#include <algorithm>

#include "bulkhead/version.hpp"

namespace bulkhead::api {
namespace {

using Json = nlohmann::json;

Json string_schema() {
  return {{"type", "string"}};
}

Json parameters_of(const Route& route) {
  Json parameters = Json::array();
  auto target = parse_target(route.pattern);
  for (const std::string& part : target->path) {
    if (part.front() != '{') continue;
    parameters.push_back({{"name", part.substr(1, part.size() - 2)},
                          {"in", "path"},
                          {"required", true},
                          {"schema", string_schema()}});
  }
  for (const Parameter& query : route.query)
    parameters.push_back({{"name", query.name},
                          {"in", "query"},
                          {"description", query.description},
                          {"schema", string_schema()}});
  return parameters;
}

Json operation_of(const Route& route) {
  Json operation = {{"summary", route.summary},
                    {"responses",
                     {{"2XX", {{"description", "as docs/reference/api.md says"}}},
                      {"default",
                       {{"description", "what went wrong"},
                        {"content",
                         {{"application/problem+json",
                           {{"schema", {{"$ref", "#/components/schemas/Problem"}}}}}}}}}}}};
  if (Json parameters = parameters_of(route); !parameters.empty())
    operation["parameters"] = std::move(parameters);
  if (route.body == Body::kJson)
    operation["requestBody"] = {
        {"content", {{"application/json", {{"schema", {{"type", "object"}}}}}}}};
  if (route.body == Body::kStream)
    operation["requestBody"] = {
        {"content",
         {{"application/octet-stream", {{"schema", {{"type", "string"}, {"format", "binary"}}}}}}}};
  return operation;
}

Json problem_schema() {
  return {{"type", "object"},
          {"required", {"type", "title", "status", "detail", "code"}},
          {"properties",
           {{"type", string_schema()},
            {"title", string_schema()},
            {"status", {{"type", "integer"}}},
            {"detail", string_schema()},
            {"hint", string_schema()},
            {"code", {{"type", "integer"}}}}}};
}

}  // namespace

Json openapi_document(const Router& router) {
  Json paths = Json::object();
  for (const Route& route : router.routes()) {
    std::string method = route.method;
    std::transform(method.begin(), method.end(), method.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    paths[route.pattern][method] = operation_of(route);
  }
  return {{"openapi", "3.1.0"},
          {"info",
           {{"title", "Bulkhead"}, {"version", kVersion}, {"license", {{"name", "Apache-2.0"}}}}},
          {"paths", std::move(paths)},
          {"components", {{"schemas", {{"Problem", problem_schema()}}}}}};
}

void add_openapi_route(Router& router) {
  auto document = std::make_shared<Json>();
  router.add({"GET",
              "/v1/openapi.json",
              Body::kNone,
              "This document",
              {},
              [document](const ExchangePtr& exchange) { exchange->reply(200, *document); }});
  *document = openapi_document(router);
}

}  // namespace bulkhead::api
