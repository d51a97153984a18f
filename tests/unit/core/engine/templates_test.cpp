// Templates with a runtime that builds what the test says, and real files.
#include "core/engine/templates.hpp"

#include <unistd.h>

#include "core/loop/work.hpp"
#include "ledger_fixture.hpp"
#include "model/facts.hpp"

namespace bulkhead::engine {
namespace {

Json machine(int cpus = 1, int64_t memory = 1 << 30) {
  return {{"accelerator", "tcg"},  {"cpus", cpus},
          {"memoryBytes", memory}, {"kernel", "/k"},
          {"initramfs", "/i"},     {"imageDisk", "/image"},
          {"writableDisk", "/w"},  {"networks", Json::array()}};
}

class TemplatesTest : public LedgerTest {
 protected:
  const model::State& state() const { return ledger_->state(); }

  Templates::Parts parts() {
    return {loop_,
            *ledger_,
            directory_ + "/templates",
            [this](std::function<void()> blocking, std::function<void()> then) {
              loop::run_blocking(loop_, std::move(blocking), std::move(then));
            },
            [this](const Json& request, std::vector<UniqueFd> fds, Answer done) {
              requests.push_back(request);
              EXPECT_EQ(fds.size(), 2u);
              EXPECT_EQ(write(fds.at(0).get(), "memory", 6), 6);
              EXPECT_EQ(write(fds.at(1).get(), "state", 5), 5);
              fds.clear();
              if (failure) return done(fail(*failure));
              done(Json{{"recipe", "so"}, {"elapsedMs", 7}});
            },
            [] { return machine(); }};
  }
  bool until(const std::function<bool()>& done) {
    return settle([&] {
      loop_.run_once();
      return done();
    });
  }
  std::string build(Templates& templates, const Json& of = machine()) {
    std::optional<Result<Json>> answer;
    templates.build(of, [&](Result<Json> result) { answer = std::move(result); });
    EXPECT_TRUE(until([&] { return answer.has_value(); }));
    if (!*answer) return answer->error().message;
    return (*answer)->at("id");
  }
  std::optional<Templates::Source> source(Templates& templates, const Json& of = machine()) {
    std::optional<std::optional<Templates::Source>> found;
    templates.source(of, [&](std::optional<Templates::Source> given) { found = std::move(given); });
    EXPECT_TRUE(until([&] { return found.has_value(); }));
    return std::move(*found);
  }
  static std::string content(const UniqueFd& fd) {
    char text[6];
    return {text, static_cast<size_t>(pread(fd.get(), text, sizeof text, 0))};
  }
  void set(const std::string& property, const std::string& value) {
    ASSERT_TRUE(ledger_->record_sync(
        {model::fact("property/" + property, "property.set", {{"value", value}})}));
  }

  loop::Loop loop_;
  std::vector<Json> requests;
  std::optional<Error> failure;
};

TEST_F(TemplatesTest, AMachineIsClonedFromWhatWasBuiltForItsShape) {
  Templates templates(parts());
  EXPECT_FALSE(source(templates));
  const std::string key = build(templates);
  ASSERT_EQ(requests.size(), 1u);
  EXPECT_EQ(requests[0]["machine"], (Json{{"accelerator", "tcg"},
                                          {"cpus", 1},
                                          {"memoryBytes", 1 << 30},
                                          {"kernel", "/k"},
                                          {"initramfs", "/i"}}));
  auto found = source(templates, machine(1, 300 << 20));
  ASSERT_TRUE(found);
  EXPECT_EQ(found->key, key);
  EXPECT_EQ(found->body, (Json{{"memoryBytes", 1 << 30}, {"recipe", "so"}}));
  EXPECT_EQ(content(found->ram), "memory");
  EXPECT_EQ(content(found->state), "state");
  EXPECT_FALSE(source(templates, machine(2)));
}

TEST_F(TemplatesTest, TheNextDaemonReadsItFromTheDisk) {
  Templates first(parts());
  const std::string key = build(first);
  Templates second(parts());
  auto found = source(second);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->key, key);
  EXPECT_EQ(content(found->ram), "memory");
}

TEST_F(TemplatesTest, WhatIsDamagedIsDropped) {
  const std::string key = [&] {
    Templates first(parts());
    return build(first);
  }();
  std::filesystem::resize_file(directory_ + "/templates/" + key + "/state", 2);
  Templates second(parts());
  EXPECT_FALSE(source(second));
  EXPECT_TRUE(until([&] { return state().templates.empty(); }));
  EXPECT_TRUE(until([&] { return !std::filesystem::exists(directory_ + "/templates/" + key); }));
}

TEST_F(TemplatesTest, WhatTheRuntimeWouldNotMakeNowIsDropped) {
  Templates templates(parts());
  const std::string key = build(templates);
  templates.learned(machine(), key,
                    {{"accelerator", "tcg"}, {"notCloned", "another QEMU"}, {"badTemplate", true}});
  EXPECT_TRUE(until([&] { return state().templates.empty(); }));
}

TEST_F(TemplatesTest, AMachineThatDoesntFitLeavesTheTemplateToOthers) {
  Templates templates(parts());
  const std::string key = build(templates);
  templates.learned(machine(), key,
                    {{"accelerator", "tcg"}, {"notCloned", "3 networks"}, {"badTemplate", false}});
  until([] { return true; });
  EXPECT_TRUE(state().templates.contains(key));
}

TEST_F(TemplatesTest, AFailedBuildIsToldAndNotTriedAgainUnasked) {
  Templates templates(parts());
  failure = Error{Code::kTimeout, "it doesn't boot", {}};
  EXPECT_EQ(build(templates), "it doesn't boot");
  templates.learned(machine(), "", {{"accelerator", "tcg"}});
  EXPECT_EQ(requests.size(), 1u);
  failure.reset();
  EXPECT_EQ(build(templates).size(), 16u);
}

TEST_F(TemplatesTest, TheLongestUnusedGoesFirst) {
  Templates templates(parts());
  set("template.maximum", "2");
  const std::string one = build(templates, machine(1));
  const std::string two = build(templates, machine(2));
  ASSERT_TRUE(
      ledger_->record_sync({model::intent("container/a", "container.start", {{"run", 1}})}));
  const std::string three = build(templates, machine(3));
  EXPECT_TRUE(until([&] { return state().templates.size() == 2; }));
  EXPECT_FALSE(state().templates.contains(one));
  EXPECT_TRUE(state().templates.contains(two) && state().templates.contains(three));
}

TEST_F(TemplatesTest, PruneForgetsAll) {
  Templates templates(parts());
  const std::string key = build(templates);
  std::optional<Result<Json>> pruned;
  templates.prune({}, [&](Result<Json> result) { pruned = std::move(result); });
  ASSERT_TRUE(until([&] { return pruned && state().templates.empty(); }));
  EXPECT_EQ((*pruned)->at("deleted"), Json::array({key}));
  EXPECT_FALSE(source(templates));
}

TEST_F(TemplatesTest, TooMuchMemoryHasNone) {
  Templates templates(parts());
  EXPECT_EQ(build(templates, machine(1, int64_t{9} << 30)),
            "there are no templates for more than 8 GiB of memory");
}

TEST_F(TemplatesTest, SwitchedOffNobodyIsCloned) {
  Templates templates(parts());
  build(templates);
  set("template.enabled", "false");
  EXPECT_FALSE(source(templates));
}

TEST_F(TemplatesTest, AtTheStartWhatNobodyKnowsIsRemoved) {
  std::filesystem::create_directories(directory_ + "/templates/stray.new");
  Templates templates(parts());
  templates.prepare();
  EXPECT_TRUE(until([&] { return !std::filesystem::exists(directory_ + "/templates/stray.new"); }));
}

}  // namespace
}  // namespace bulkhead::engine
