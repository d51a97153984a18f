#include "core/api/router.hpp"

#include <gtest/gtest.h>

namespace bulkhead::api {
namespace {

class Asked final : public Exchange {
 public:
  Asked(const std::string& method, const std::string& target) {
    head_.method = method;
    head_.target = target;
  }
  void reply(int, const Json&) override {}
  void fail(const Error&) override {}
  void begin(int, const std::string&) override {}
  void write(std::string) override {}
  void end() override {}
  void abort() override {}
  size_t queued() const override { return 0; }
  void on_drained(std::function<void()>) override {}
  void on_closed(std::function<void()>) override {}
  Result<UniqueFd> hand_over(const std::string&) override {
    return bulkhead::fail(Code::kInternal, "");
  }
};

Router two_routes() {
  Router router;
  router.add({"GET", "/v1/things/{id}", Body::kNone, "Read", {{"at", "when"}}, {}, {}});
  router.add({"POST", "/v1/things/{id}/poke", Body::kJson, "Poke", {}, {}, {}});
  return router;
}

TEST(Router, FindsByMethodAndPathAndNamesTheParts) {
  Router router = two_routes();
  Asked asked("POST", "/v1/things/a%2Fb/poke?x=1");
  auto route = router.match(asked);
  ASSERT_TRUE(route);
  EXPECT_STREQ((*route)->summary, "Poke");
  EXPECT_EQ(asked.param("id"), "a/b");
}

TEST(Router, TellsAWrongMethodFromAWrongPath) {
  Router router = two_routes();
  Asked wrong_method("PUT", "/v1/things/a");
  EXPECT_EQ(router.match(wrong_method).error().code, Code::kUnsupported);
  Asked wrong_path("GET", "/v1/thongs/a");
  EXPECT_EQ(router.match(wrong_path).error().code, Code::kNotFound);
  Asked empty_part("GET", "/v1/things/");
  EXPECT_EQ(router.match(empty_part).error().code, Code::kNotFound);
}

}  // namespace
}  // namespace bulkhead::api
