#include "core/engine/images.hpp"

#include <fcntl.h>

#include "ledger_fixture.hpp"

namespace bulkhead::engine {
namespace {

Json image(const std::string& reference, char digit) {
  std::string digest = "sha256:" + std::string(64, digit);
  return {{"reference", reference},
          {"descriptor",
           {{"mediaType", "application/vnd.oci.image.manifest.v1+json"},
            {"digest", digest},
            {"size", 2}}},
          {"variants", Json::array()},
          {"createdAt", "2026-01-01T00:00:00Z"}};
}

class ImagesTest : public LedgerTest {
 protected:
  UniqueFd nothing() { return UniqueFd(open("/dev/null", O_RDONLY | O_CLOEXEC)); }
  void load(const Json& loaded) {
    bool done = false;
    images_.load({{"label", "x.tar"}}, nothing(), interest_, {}, [&](const Result<Json>& result) {
      done = true;
      EXPECT_TRUE(result) << result.error().message;
    });
    ASSERT_TRUE(settle([&] { return !plugin_.calls.empty(); }));
    auto call = std::move(plugin_.calls.front());
    plugin_.calls.clear();
    EXPECT_EQ(call.method, "storage.load");
    call.answer(Json{{"images", Json::array({loaded})}, {"skipped", Json::array()}});
    ASSERT_TRUE(settle([&] { return done; }));
  }
  InterestPtr interest_ = std::make_shared<Interest>();
  ScriptedPlugin plugin_;
  ScriptedPlugin registry_;
  Images images_{*operations_, plugin_, registry_, {{"os", "linux"}, {"architecture", "amd64"}}};
};

TEST_F(ImagesTest, WhatIsLoadedHasAName) {
  load(image("docker.io/library/web:latest", 'a'));
  EXPECT_TRUE(ledger_->state().images.contains("docker.io/library/web:latest"));
}

TEST_F(ImagesTest, WhatIsOddInAnAnswerIsLeftOut) {
  for (const Json& odd : {Json{{"images", 5}}, Json{{"images", {1, "x", Json::object()}}},
                          Json{{"images", {{{"descriptor", 5}, {"reference", 7}}}}}}) {
    bool done = false;
    images_.load({{"label", "x.tar"}}, nothing(), interest_, {},
                 [&](const Result<Json>&) { done = true; });
    ASSERT_TRUE(settle([&] { return !plugin_.calls.empty(); }));
    auto call = std::move(plugin_.calls.front());
    plugin_.calls.clear();
    call.answer(odd);
    ASSERT_TRUE(settle([&] { return done; })) << odd;
  }
  EXPECT_TRUE(ledger_->state().operations.empty());
  EXPECT_TRUE(ledger_->state().images.empty());
}

// What is being deleted must not be among the roots that the collection keeps, and everything else
// must.
TEST_F(ImagesTest, ADeletionCollectsWithTheRootsAsTheyWillBe) {
  load(image("docker.io/library/web:latest", 'a'));
  load(image("docker.io/library/db:latest", 'b'));
  bool done = false;
  images_.remove("web", false, {}, [&](const Result<Json>& result) { done = result.has_value(); });
  ASSERT_TRUE(settle([&] { return !plugin_.calls.empty(); }));
  EXPECT_EQ(plugin_.calls.front().method, "storage.gc");
  std::string roots = plugin_.calls.front().request.dump();
  EXPECT_EQ(roots.find(std::string(64, 'a')), roots.npos) << roots;
  EXPECT_NE(roots.find(std::string(64, 'b')), roots.npos) << roots;
  plugin_.calls.front().answer(Json{{"reclaimed", 1}});
  ASSERT_TRUE(settle([&] { return done; }));
  EXPECT_FALSE(ledger_->state().images.contains("docker.io/library/web:latest"));
}

// A collection between a load and its facts would delete what was just loaded.
TEST_F(ImagesTest, MutationsTakeTurns) {
  images_.load({{"label", "x.tar"}}, nothing(), interest_, {}, [](const Result<Json>&) {});
  images_.prune(true, {}, [](const Result<Json>&) {});
  ASSERT_TRUE(settle([&] { return !plugin_.calls.empty(); }));
  for (int i = 0; i < 20; ++i) ledger_->drain();
  ASSERT_EQ(plugin_.calls.size(), 1u);
  EXPECT_EQ(plugin_.calls.front().method, "storage.load");
}

TEST_F(ImagesTest, WhatNobodyWaitsForIsCalledOff) {
  std::optional<Result<Json>> first, second, third;
  auto into = [](std::optional<Result<Json>>& place) {
    return [&place](const Result<Json>& result) { place = result; };
  };
  auto other = std::make_shared<Interest>();
  images_.load({{"label", "silent"}}, nothing(), interest_, {}, into(first));
  images_.load({{"label", "behind"}}, nothing(), other, {}, into(second));
  images_.load({{"label", "last"}}, nothing(), std::make_shared<Interest>(), {}, into(third));
  ASSERT_TRUE(settle([&] { return !plugin_.calls.empty(); }));
  EXPECT_EQ(plugin_.calls.size(), 1u) << "one transfer at a time";
  other->lose();
  EXPECT_TRUE(plugin_.cancelled.empty()) << "what hasn't begun needn't be called off";
  interest_->lose();
  interest_->lose();
  EXPECT_EQ(plugin_.cancelled, std::vector<uint64_t>{plugin_.calls.front().op});
  auto call = std::move(plugin_.calls.front());
  plugin_.calls.clear();
  call.answer(fail(Code::kRetry, "cancelled"));
  ASSERT_TRUE(settle([&] { return second.has_value() && !plugin_.calls.empty(); }));
  EXPECT_EQ(first->error().code, Code::kRetry);
  EXPECT_EQ(second->error().code, Code::kRetry) << "it must not begin";
  EXPECT_EQ(plugin_.calls.front().request["label"], "last");
  plugin_.calls.front().answer(Json{{"images", Json::array()}});
  ASSERT_TRUE(settle([&] { return third.has_value(); }));
  EXPECT_TRUE(*third);
}

TEST_F(ImagesTest, AnInterestThatIsLostLateCallsNothingOff) {
  load(image("docker.io/library/web:latest", 'a'));
  interest_->lose();
  EXPECT_TRUE(plugin_.cancelled.empty());
}

}  // namespace
}  // namespace bulkhead::engine
