// A pull against two plugins that answer as the test tells them.
#include "core/engine/image_pull.hpp"

#include <gmock/gmock.h>

#include <algorithm>

#include "core/engine/images.hpp"
#include "ledger_fixture.hpp"
#include "store/reader.hpp"

namespace bulkhead::engine {
namespace {

using testing::HasSubstr;
using testing::SizeIs;

const Json kHost = {{"os", "linux"}, {"architecture", "amd64"}};

Json descriptor(char digit, int64_t size = 10) {
  return {{"mediaType", "application/vnd.oci.image.manifest.v1+json"},
          {"digest", "sha256:" + std::string(64, digit)},
          {"size", size}};
}

Json piece(char digit, const char* kind = "blob") {
  return {{"kind", kind}, {"content", descriptor(digit)}, {"have", 0}, {"what", "layer"}};
}

Json lacks(std::vector<Json> pieces, const std::string& manifest = {}) {
  Json plan = {{"missing", std::move(pieces)}, {"present", Json::array()}};
  if (!manifest.empty()) plan["manifest"] = manifest;
  return plan;
}

struct Pulling {
  std::optional<Result<Json>> result;
  InterestPtr interest = std::make_shared<Interest>();
  std::vector<Json> story;
};

class ImagePullTest : public LedgerTest {
 protected:
  std::shared_ptr<Pulling> pull(const std::string& reference) {
    auto pulling = std::make_shared<Pulling>();
    images_.pull({{"reference", reference}, {"scheme", "auto"}, {"maxConcurrentDownloads", 2}},
                 TransferProgress([pulling](const Json& line) { pulling->story.push_back(line); }),
                 pulling->interest, {},
                 [pulling](Result<Json> result) { pulling->result = std::move(result); });
    return pulling;
  }

  // The oldest open call of this method, once there is one.
  ScriptedPlugin::Call take(ScriptedPlugin& plugin, const std::string& method) {
    auto found = plugin.calls.end();
    EXPECT_TRUE(settle([&] {
      found = std::find_if(plugin.calls.begin(), plugin.calls.end(),
                           [&](const auto& call) { return call.method == method; });
      return found != plugin.calls.end();
    })) << method;
    auto call = std::move(*found);
    plugin.calls.erase(found);
    return call;
  }
  void answer(ScriptedPlugin& plugin, const std::string& method, Result<Json> result) {
    take(plugin, method).answer(std::move(result));
  }
  void resolved(char digit) {
    answer(registry_, "registry.resolve", Json{{"root", descriptor(digit)}});
  }
  void arrives(int64_t bytes = 10) {
    answer(registry_, "registry.fetch", Json{{"bytes", bytes}});
    answer(storage_, "storage.receive", Json{{"received", 10}});
  }
  void admitted(const std::string& reference, char digit) {
    answer(storage_, "storage.admit",
           Json{{"image",
                 {{"reference", reference},
                  {"descriptor", descriptor(digit)},
                  {"variants", Json::array()},
                  {"createdAt", "2026-01-01T00:00:00Z"}}}});
  }
  // Whether something happens that shouldn't.
  bool settle_briefly(const std::function<bool()>& done) {
    for (int i = 0; i < 20 && !done(); ++i) {
      ledger_->drain();
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return done();
  }
  size_t open_calls(const ScriptedPlugin& plugin, const std::string& method) {
    return static_cast<size_t>(
        std::count_if(plugin.calls.begin(), plugin.calls.end(),
                      [&](const auto& call) { return call.method == method; }));
  }
  std::vector<model::Event> events(const std::string& type) {
    std::vector<model::Event> found;
    auto reader = store::Reader::open(ledger_->journal().path());
    for (model::Seq seq = 1; seq <= *reader->head(); ++seq)
      if (auto event = reader->event(seq); event && *event && (*event)->type == type)
        found.push_back(**event);
    return found;
  }

  ScriptedPlugin storage_, registry_;
  Images images_{*operations_, storage_, registry_, kHost};
};

TEST_F(ImagePullTest, GoesFromTheNameToTheImagePieceByPiece) {
  auto pulling = pull("web");
  resolved('a');
  answer(storage_, "storage.plan", lacks({piece('a', "manifest")}));
  arrives();
  answer(storage_, "storage.plan", lacks({piece('c'), piece('d'), piece('e')}, "sha256:m"));
  ASSERT_TRUE(settle([&] { return open_calls(registry_, "registry.fetch") == 2; }))
      << "no more at once than it was told";
  arrives();
  arrives();
  arrives();
  answer(storage_, "storage.plan", lacks({}, "sha256:m"));
  EXPECT_EQ(open_calls(storage_, "storage.admit"), 0u) << "the disk isn't made yet";
  answer(storage_, "storage.unpack", Json{{"manifest", "sha256:m"}, {"diskBytes", 5}});
  admitted("docker.io/library/web:latest", 'a');
  ASSERT_TRUE(settle([&] { return pulling->result.has_value(); }));
  ASSERT_TRUE(*pulling->result) << pulling->result->error().message;
  EXPECT_TRUE(operations_->state().images.contains("docker.io/library/web:latest"));
  EXPECT_THAT(events("content.received"), SizeIs(4));
  const auto outcome = events("image.pull").back();
  EXPECT_EQ(outcome.data["received"], 40);
}

TEST_F(ImagePullTest, TwoPullsShareWhatBothLack) {
  auto first = pull("a:1"), second = pull("b:1");
  resolved('a');
  resolved('b');
  answer(storage_, "storage.plan", lacks({piece('c')}));
  answer(storage_, "storage.plan", lacks({piece('c')}));
  arrives();
  EXPECT_EQ(open_calls(registry_, "registry.fetch"), 0u);
  answer(storage_, "storage.plan", lacks({}));
  answer(storage_, "storage.plan", lacks({}));
  admitted("docker.io/library/a:1", 'a');
  admitted("docker.io/library/b:1", 'b');
  ASSERT_TRUE(settle([&] { return first->result && second->result; }));
  EXPECT_TRUE(*first->result);
  EXPECT_TRUE(*second->result);
  EXPECT_THAT(events("content.received"), SizeIs(1));
}

TEST_F(ImagePullTest, OneWhoLeavesDoesNotTakeWhatAnotherWaitsFor) {
  auto first = pull("a:1"), second = pull("b:1");
  resolved('a');
  resolved('b');
  answer(storage_, "storage.plan", lacks({piece('c')}));
  answer(storage_, "storage.plan", lacks({piece('c')}));
  first->interest->lose();
  ASSERT_TRUE(settle([&] { return first->result.has_value(); }));
  EXPECT_FALSE(*first->result);
  EXPECT_THAT(registry_.cancelled, SizeIs(0));
  second->interest->lose();
  EXPECT_THAT(registry_.cancelled, SizeIs(1));
  EXPECT_THAT(storage_.cancelled, SizeIs(1));
}

TEST_F(ImagePullTest, AnotherRegistrysFailureIsNoReasonNotToAskOnesOwn) {
  auto first = pull("one.example/a:1"), second = pull("two.example/b:1");
  resolved('a');
  resolved('b');
  answer(storage_, "storage.plan", lacks({piece('c')}));
  answer(storage_, "storage.plan", lacks({piece('c')}));
  answer(registry_, "registry.fetch", fail(Code::kDenied, "the registry denies it"));
  answer(storage_, "storage.receive", fail(Code::kRetry, "it ended early"));
  ASSERT_TRUE(settle([&] { return first->result.has_value(); }));
  EXPECT_THAT(first->result->error().message, HasSubstr("denies it"));
  EXPECT_FALSE(second->result);
  answer(storage_, "storage.plan", lacks({piece('c')}));
  auto fetch = take(registry_, "registry.fetch");
  EXPECT_EQ(fetch.request["reference"], "two.example/b:1");
  second->interest->lose();
  ASSERT_TRUE(settle([&] { return second->result.has_value(); }));
}

TEST_F(ImagePullTest, WhoComesWhileAPieceIsCalledOffLooksAgain) {
  auto first = pull("a:1");
  resolved('a');
  answer(storage_, "storage.plan", lacks({piece('c')}));
  ASSERT_TRUE(settle([&] { return open_calls(registry_, "registry.fetch") == 1; }));
  first->interest->lose();
  auto second = pull("b:1");
  resolved('b');
  answer(storage_, "storage.plan", lacks({piece('c')}));
  EXPECT_FALSE(settle_briefly([&] { return open_calls(storage_, "storage.plan") > 0; }))
      << "it waits for the end of the first transfer";
  answer(registry_, "registry.fetch", fail(Code::kRetry, "cancelled"));
  answer(storage_, "storage.receive", fail(Code::kRetry, "cancelled"));
  answer(storage_, "storage.plan", lacks({piece('c')}));
  arrives();
  answer(storage_, "storage.plan", lacks({}));
  admitted("docker.io/library/b:1", 'b');
  ASSERT_TRUE(settle([&] { return second->result.has_value(); }));
  EXPECT_TRUE(*second->result) << second->result->error().message;
}

TEST_F(ImagePullTest, AWrongResumptionIsRepeatedAndAWrongWholeIsNot) {
  auto pulling = pull("web");
  resolved('a');
  Json resumed = piece('c');
  resumed["have"] = 4;
  answer(storage_, "storage.plan", lacks({resumed}));
  answer(registry_, "registry.fetch", Json{{"bytes", 6}});
  answer(storage_, "storage.receive", fail(Code::kCorrupt, "its digest is another"));
  EXPECT_EQ(take(registry_, "registry.fetch").request["offset"], 0);
  pulling->interest->lose();
  ASSERT_TRUE(settle([&] { return pulling->result.has_value(); }));

  auto other = pull("b:1");
  resolved('b');
  answer(storage_, "storage.plan", lacks({piece('d')}));
  answer(registry_, "registry.fetch", Json{{"bytes", 10}});
  // Of the first pull's repetition nothing was answered; this is the second's.
  auto receives = std::move(storage_.calls);
  storage_.calls.clear();
  receives.back().answer(fail(Code::kCorrupt, "its digest is another"));
  ASSERT_TRUE(settle([&] { return other->result.has_value(); }));
  ASSERT_FALSE(*other->result);
  EXPECT_THAT(other->result->error().message, HasSubstr("its digest is another"));
}

TEST_F(ImagePullTest, TheRegistrysReasonIsToldAndNotThatThePipeEnded) {
  auto pulling = pull("web");
  resolved('a');
  answer(storage_, "storage.plan", lacks({piece('c')}));
  answer(registry_, "registry.fetch", fail(Code::kDenied, "the registry denies it"));
  answer(storage_, "storage.receive", fail(Code::kRetry, "it ended early"));
  ASSERT_TRUE(settle([&] { return pulling->result.has_value(); }));
  ASSERT_FALSE(*pulling->result);
  EXPECT_THAT(pulling->result->error().message,
              HasSubstr("pull docker.io/library/web:latest: the registry denies it"));
  EXPECT_TRUE(operations_->state().images.empty());
}

TEST_F(ImagePullTest, ADiskThatFailsWhileBytesArriveIsMadeAgainOfVerifiedOnes) {
  auto pulling = pull("web");
  resolved('a');
  answer(storage_, "storage.plan", lacks({piece('c')}, "sha256:m"));
  answer(storage_, "storage.unpack", fail(Code::kCorrupt, "not a gzip stream"));
  EXPECT_FALSE(pulling->result);
  arrives();
  answer(storage_, "storage.plan", lacks({}, "sha256:m"));
  answer(storage_, "storage.unpack", fail(Code::kCorrupt, "not a gzip stream"));
  ASSERT_TRUE(settle([&] { return pulling->result.has_value(); }));
  EXPECT_FALSE(*pulling->result);
}

TEST_F(ImagePullTest, WhatACollectionTookBetweenTheStepsComesAgain) {
  auto pulling = pull("web");
  resolved('a');
  answer(storage_, "storage.plan", lacks({}));
  answer(storage_, "storage.admit", fail(Code::kRetry, "layer is missing"));
  answer(storage_, "storage.plan", lacks({piece('c')}));
  arrives();
  answer(storage_, "storage.plan", lacks({}));
  admitted("docker.io/library/web:latest", 'a');
  ASSERT_TRUE(settle([&] { return pulling->result.has_value(); }));
  EXPECT_TRUE(*pulling->result);
}

TEST_F(ImagePullTest, APieceThatNeverSticksEndsThePull) {
  auto pulling = pull("web");
  resolved('a');
  for (int i = 0; i < 3; ++i) {
    answer(storage_, "storage.plan", lacks({piece('c')}));
    arrives();
  }
  answer(storage_, "storage.plan", lacks({piece('c')}));
  ASSERT_TRUE(settle([&] { return pulling->result.has_value(); }));
  EXPECT_THAT(pulling->result->error().message, HasSubstr("comes and goes"));
}

TEST_F(ImagePullTest, ThePlatformIsTheHostsUnlessAllAreAskedFor) {
  auto host = pull("web");
  resolved('a');
  EXPECT_EQ(take(storage_, "storage.plan").request["platform"], kHost);
  images_.pull({{"reference", "web"}, {"allPlatforms", true}}, TransferProgress(),
               std::make_shared<Interest>(), {}, [](const Result<Json>&) {});
  resolved('a');
  EXPECT_FALSE(take(storage_, "storage.plan").request.contains("platform"));
}

TEST_F(ImagePullTest, TheLastStepWaitsForItsTurn) {
  auto pulling = pull("web");
  resolved('a');
  images_.collect({}, [](const Result<Json>&) {});
  ASSERT_TRUE(settle([&] { return open_calls(storage_, "storage.gc") == 1; }));
  answer(storage_, "storage.plan", lacks({}));
  EXPECT_EQ(open_calls(storage_, "storage.admit"), 0u);
  answer(storage_, "storage.gc", Json{{"reclaimed", 0}});
  admitted("docker.io/library/web:latest", 'a');
  ASSERT_TRUE(settle([&] { return pulling->result.has_value(); }));
  EXPECT_TRUE(*pulling->result);
}

}  // namespace
}  // namespace bulkhead::engine
