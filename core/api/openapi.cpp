#include "openapi.hpp"

#include <algorithm>

#include "bulkhead/version.hpp"
#include "schemas.hpp"

namespace bulkhead::api {
namespace {

using Json = nlohmann::json;

constexpr Parameter kIdempotencyKey{"Idempotency-Key", "does it once", "IdempotencyKey", "header"};
constexpr Parameter kPassedDescriptor{"Bulkhead-Fd",
                                      "the bytes come through a descriptor, without a body",
                                      "PassedDescriptor", "header"};

Json parameter(const Parameter& parameter) {
  return {{"name", parameter.name},
          {"in", parameter.in},
          {"description", parameter.description},
          {"schema", schema_reference(parameter.schema)}};
}

Json parameters_of(const Route& route) {
  Json parameters = Json::array();
  auto target = parse_target(route.pattern);
  for (const std::string& part : target->path) {
    if (part.front() != '{') continue;
    parameters.push_back({{"name", part.substr(1, part.size() - 2)},
                          {"in", "path"},
                          {"required", true},
                          {"schema", schema_reference("Text")}});
  }
  for (const Parameter& own : route.parameters) parameters.push_back(parameter(own));
  if (std::string(route.method) == "POST") parameters.push_back(parameter(kIdempotencyKey));
  if (route.body.kind == Body::kStream) parameters.push_back(parameter(kPassedDescriptor));
  return parameters;
}

// Bytes have no schema.
Json media(const char* schema) {
  return schema ? Json{{"schema", schema_reference(schema)}} : Json::object();
}

Json request_body(const RequestBody& body) {
  if (body.kind == Body::kStream)
    return {{"required", false}, {"content", {{"application/octet-stream", media(nullptr)}}}};
  const Json& schema = body.schema ? schemas().at(body.schema) : Json();
  return {{"required", schema.contains("required")},
          {"content", {{"application/json", media(body.schema)}}}};
}

std::string description_of(const Response& response) {
  if (response.description) return response.description;
  return schemas().at(response.schema).value("description", "");
}

// Rows of one status are one response: with several kinds of content, or for several reasons.
Json responses_of(const Route& route) {
  Json responses = {{"default",
                     {{"description", "What went wrong."},
                      {"content", {{"application/problem+json", media("Problem")}}}}}};
  for (const Response& row : route.responses) {
    Json& response = responses[std::to_string(row.status)];
    std::string before = response.is_null() ? "" : response.value("description", "") + " Or: ";
    response["description"] = before + description_of(row);
    if (row.media_type) response["content"][row.media_type] = media(row.schema);
  }
  return responses;
}

Json operation_of(const Route& route) {
  Json operation = {{"summary", route.summary}, {"responses", responses_of(route)}};
  if (Json parameters = parameters_of(route); !parameters.empty())
    operation["parameters"] = std::move(parameters);
  if (route.body.kind != Body::kNone) operation["requestBody"] = request_body(route.body);
  return operation;
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
           {{"title", "Bulkhead"},
            {"version", kVersion},
            {"description", "HTTP/1.1 on a Unix socket; docs/reference/api.md says it in words."},
            {"license", {{"name", "Apache License 2.0"}, {"identifier", "Apache-2.0"}}}}},
          {"paths", std::move(paths)},
          {"components", {{"schemas", schemas()}}}};
}

void add_openapi_route(Router& router) {
  auto document = std::make_shared<Json>();
  router.add({"GET",
              "/v1/openapi.json",
              Body::kNone,
              "This document",
              {},
              {answers("OpenApi")},
              [document](const ExchangePtr& exchange) { exchange->reply(200, *document); }});
  *document = openapi_document(router);
}

}  // namespace bulkhead::api
