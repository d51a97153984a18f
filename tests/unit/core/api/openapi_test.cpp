// The document made of a small table: what a row says is what it has. Whether the rows of the real
// table say what the daemon does is tests/behaviour/test_api.py's business.
#include "core/api/openapi.hpp"

#include <gtest/gtest.h>

#include "core/api/schemas.hpp"

namespace bulkhead::api {
namespace {

Router three_routes() {
  Router router;
  router.add({"GET",
              "/v1/things/{id}",
              Body::kNone,
              "Read",
              {{"at", "when", "Moment"}},
              {answers("Image"), refuses(404, "It isn't there."), refuses(404, "It never was.")},
              {}});
  router.add({"POST",
              "/v1/things/{id}/poke",
              {Body::kJson, "ImageTagRequest"},
              "Poke",
              {},
              {answers("Nothing", 202), {101, "A long poke."}},
              {}});
  router.add({"PUT",
              "/v1/things",
              Body::kStream,
              "Bring",
              {},
              {answers("ImageList"), answers_bytes("application/x-tar", "Bytes.")},
              {}});
  return router;
}

Json operation(const char* path, const char* method) {
  return openapi_document(three_routes())["paths"][path][method];
}

Json reference(const char* name) {
  return {{"schema", schema_reference(name)}};
}

TEST(OpenApi, NamesEveryRouteWithItsParameters) {
  EXPECT_EQ(openapi_document(three_routes())["paths"].size(), 3u);
  Json read = operation("/v1/things/{id}", "get");
  ASSERT_EQ(read["parameters"].size(), 2u);
  EXPECT_EQ(read["parameters"][0]["name"], "id");
  EXPECT_EQ(read["parameters"][0]["in"], "path");
  EXPECT_EQ(read["parameters"][0]["required"], true);
  EXPECT_EQ(read["parameters"][1]["name"], "at");
  EXPECT_EQ(read["parameters"][1]["in"], "query");
  EXPECT_EQ(read["parameters"][1]["schema"], schema_reference("Moment"));
  EXPECT_FALSE(read.contains("requestBody"));
}

TEST(OpenApi, NamesTheHeadersThatTheMethodAndTheBodyBring) {
  EXPECT_EQ(operation("/v1/things/{id}/poke", "post")["parameters"][1]["name"], "Idempotency-Key");
  EXPECT_EQ(operation("/v1/things", "put")["parameters"][0]["name"], "Bulkhead-Fd");
}

TEST(OpenApi, GivesBodiesTheirSchemas) {
  Json poke = operation("/v1/things/{id}/poke", "post")["requestBody"];
  EXPECT_EQ(poke["content"]["application/json"], reference("ImageTagRequest"));
  EXPECT_EQ(poke["required"], true);
  Json bring = operation("/v1/things", "put")["requestBody"];
  EXPECT_TRUE(bring["content"].contains("application/octet-stream"));
  EXPECT_EQ(bring["required"], false);
}

TEST(OpenApi, GivesEachStatusItsContentAndReasons) {
  Json read = operation("/v1/things/{id}", "get")["responses"];
  EXPECT_EQ(read["200"]["content"]["application/json"], reference("Image"));
  EXPECT_EQ(read["200"]["description"], schemas()["Image"]["description"]);
  EXPECT_EQ(read["404"]["description"], "It isn't there. Or: It never was.");
  EXPECT_EQ(read["404"]["content"]["application/problem+json"], reference("Problem"));
  EXPECT_EQ(read["default"]["content"]["application/problem+json"], reference("Problem"));
  Json poke = operation("/v1/things/{id}/poke", "post")["responses"];
  EXPECT_FALSE(poke["101"].contains("content"));
  EXPECT_TRUE(poke.contains("202"));
  Json bring = operation("/v1/things", "put")["responses"]["200"]["content"];
  EXPECT_TRUE(bring.contains("application/json"));
  EXPECT_EQ(bring["application/x-tar"], Json::object());
}

void expect_closed(const Json& schema, const std::string& where) {
  if (!schema.is_structured()) return;
  const bool has_keys = schema.is_object() && schema.contains("properties");
  EXPECT_TRUE(!has_keys || schema.value("additionalProperties", true) == false) << where;
  for (const auto& [key, part] : schema.items()) expect_closed(part, where + "/" + key);
}

// A key that nobody described fails a test only if the schema is closed.
TEST(Schemas, ThatHavePropertiesAreClosed) {
  for (const auto& [name, schema] : schemas().items()) expect_closed(schema, name);
}

}  // namespace
}  // namespace bulkhead::api
