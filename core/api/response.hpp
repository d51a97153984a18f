// What a route may answer, as the OpenAPI document tells it: a status, what it means, and which
// schema its body has. A route names them beside its pattern. Every route may also fail with a
// problem document of any status, which needs no row.
#pragma once

namespace bulkhead::api {

struct Response {
  int status = 200;
  const char* description = nullptr;  // null: the schema's
  const char* media_type = nullptr;   // null: no body
  const char* schema = nullptr;       // null: bytes
};

constexpr Response answers(const char* schema, int status = 200) {
  return {status, nullptr, "application/json", schema};
}

constexpr Response answers_bytes(const char* media_type, const char* description) {
  return {200, description, media_type, nullptr};
}

// A problem document whose status tells the caller something about this route.
constexpr Response refuses(int status, const char* reason) {
  return {status, reason, "application/problem+json", "Problem"};
}

}  // namespace bulkhead::api
