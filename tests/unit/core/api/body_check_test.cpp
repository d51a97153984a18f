#include "core/api/body_check.hpp"

#include <gtest/gtest.h>

#include "core/api/schemas.hpp"

namespace bulkhead::api {
namespace {

using Json = nlohmann::json;

std::string refusal(const char* schema, const char* body) {
  Status checked = check_body(schemas().at(schema), Json::parse(body));
  return checked ? "" : checked.error().message;
}

TEST(BodyCheck, TakesWhatIsDescribed) {
  EXPECT_EQ(refusal("StopRequest", "{}"), "");
  EXPECT_EQ(refusal("StopRequest", R"({"signal": "TERM", "timeoutSeconds": 3})"), "");
  EXPECT_EQ(refusal("StopRequest", R"({"signal": 15})"), "");
  EXPECT_EQ(refusal("ContainerRequest",
                    R"({"image": "a", "process": {"arguments": ["b"], "terminal": true},
                        "labels": {"any": "key"}, "tmpfs": [{"destination": "/a"}]})"),
            "");
}

TEST(BodyCheck, CountsNullAsAbsent) {
  EXPECT_EQ(refusal("StopRequest", R"({"signal": null, "timeoutSeconds": null})"), "");
  EXPECT_EQ(refusal("ContainerRequest", R"({"image": "a", "process": null})"), "");
}

TEST(BodyCheck, RefusesKeysThatNobodyKnows) {
  EXPECT_EQ(refusal("StopRequest", R"({"timeout": 3})"),
            "there is no key \"timeout\" in this request");
  EXPECT_EQ(refusal("StopRequest", R"({"timeout": null})"),
            "there is no key \"timeout\" in this request");
  EXPECT_EQ(refusal("ContainerRequest", R"({"process": {"readonly": true}})"),
            "there is no key \"readonly\" in process");
  EXPECT_EQ(refusal("ContainerRequest", R"({"tmpfs": [{}, {"path": "/a"}]})"),
            "there is no key \"path\" in tmpfs[1]");
  EXPECT_EQ(check_body(schemas().at("StopRequest"), {{"timeout", 3}}).error().hint,
            "there are signal, timeoutSeconds");
}

TEST(BodyCheck, RefusesOtherTypes) {
  EXPECT_EQ(refusal("ContainerRequest", R"({"capDrop": "ALL"})"), "capDrop must be a list");
  EXPECT_EQ(refusal("ContainerRequest", R"({"capDrop": [1]})"), "capDrop[0] must be a string");
  EXPECT_EQ(refusal("ContainerRequest", R"({"readOnly": 1})"), "readOnly must be true or false");
  EXPECT_EQ(refusal("ContainerRequest", R"({"resources": {"cpus": 1.5}})"),
            "resources.cpus must be a whole number");
  EXPECT_EQ(refusal("ContainerRequest", R"({"labels": {"a": 1}})"), "labels.a must be a string");
  EXPECT_EQ(refusal("ContainerRequest", R"({"process": []})"), "process must be an object");
  EXPECT_EQ(refusal("StopRequest", R"({"signal": []})"),
            "signal must be a string or a whole number");
}

}  // namespace
}  // namespace bulkhead::api
