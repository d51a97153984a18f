#include "core/api/problem.hpp"

#include <gtest/gtest.h>

namespace bulkhead::api {
namespace {

TEST(Problem, CarriesWhatTheUserNeeds) {
  auto document = problem_document({Code::kNotFound, "no container web", "container list -a"});
  EXPECT_EQ(document["status"], 404);
  EXPECT_EQ(document["title"], "Not Found");
  EXPECT_EQ(document["type"], "urn:bulkhead:error:not-found");
  EXPECT_EQ(document["detail"], "no container web");
  EXPECT_EQ(document["hint"], "container list -a");
  EXPECT_EQ(document["code"], 3);
}

TEST(Problem, AnUnknownCodeIsInternal) {
  EXPECT_EQ(http_status(static_cast<Code>(1234)), 500);
}

}  // namespace
}  // namespace bulkhead::api
