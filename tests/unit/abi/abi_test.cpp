// The boundary as plugins of other times and other authors meet it: built apart, loaded by the real
// host.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <memory>
#include <optional>

#include "core/plugins/plugin_directory.hpp"
#include "core/plugins/plugin_host.hpp"
#include "unit/core/loop/wait.hpp"

namespace bulkhead::plugins {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::string variant(const char* name) {
  return std::string(BULKHEAD_ENTRIES "/entry-") + name + ".so";
}

// Why the host doesn't take this library.
std::string refusal(const char* name) {
  const auto described = describe_plugin(variant(name), BULKHEAD_PLUGIN_HOST);
  return described ? "taken" : described.error().message;
}

// The symbols a library offers to others.
std::vector<std::string> symbols(const std::string& file) {
  const std::string command = BULKHEAD_NM " -D --defined-only " + file;
  const std::unique_ptr<FILE, int (*)(FILE*)> pipe(::popen(command.c_str(), "r"), ::pclose);
  std::vector<std::string> names;
  std::array<char, 512> line{};
  while (std::fgets(line.data(), line.size(), pipe.get()) != nullptr) {
    std::string text = line.data();
    text.pop_back();
    names.push_back(text.substr(text.rfind(' ') + 1));
  }
  return names;
}

// Starts a plugin and asks it one thing.
Result<Json> ask(const std::string& file, const std::string& method) {
  loop::Loop loop;
  PluginHost::Command command;
  command.program = BULKHEAD_PLUGIN_HOST;
  command.plugin = file;
  auto host = PluginHost::spawn(loop, command, {});
  if (!host) return fail(std::move(host.error()));
  (*host)->start(Json::object(), [](const Status& started) { EXPECT_TRUE(started); });
  std::optional<Result<Json>> answer;
  (*host)->call(
      1, method, Json::object(), {},
      [&](Result<Json> result, const std::vector<UniqueFd>&) { answer = std::move(result); });
  EXPECT_TRUE(loop::run_until(loop, [&] { return answer.has_value(); }));
  return answer.value_or(Json());
}

TEST(Hello, ExportsExactlyOneSymbol) {
  EXPECT_THAT(symbols(BULKHEAD_HELLO), ElementsAre("bulkhead_plugin_entry_v1"));
}

TEST(Hello, IsLoadedAndAnswers) {
  const auto described = describe_plugin(BULKHEAD_HELLO, BULKHEAD_PLUGIN_HOST);
  ASSERT_TRUE(described) << described.error().message;
  EXPECT_EQ(described->id, "org.example.hello");
  EXPECT_THAT(described->capabilities, ElementsAre("storage/1"));
  const auto list = ask(BULKHEAD_HELLO, "storage.list");
  ASSERT_TRUE(list) << list.error().message;
  EXPECT_EQ(dump_json(*list), R"({"containers":[],"disks":[],"references":[]})");
}

TEST(Hello, IsNotAskedInVainForWhatItDoesNotKnow) {
  const auto unknown = ask(BULKHEAD_HELLO, "storage.load");
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().code, Code::kUnsupported);
  EXPECT_THAT(unknown.error().message,
              HasSubstr("org.example.hello does not know the method storage.load"));
}

TEST(Entry, OfALaterMinorIsTaken) {
  const auto described = describe_plugin(variant("future"), BULKHEAD_PLUGIN_HOST);
  ASSERT_TRUE(described) << described.error().message;
  EXPECT_EQ(described->version, "9.9");
  EXPECT_THAT(described->capabilities, ElementsAre("storage/1", "dreams/3"));
  EXPECT_EQ(ask(variant("future"), "any.thing").value_or(Json("refused")), Json::object())
      << "a result without bytes is an empty object";
}

TEST(Entry, OfAnotherMajorIsRefusedNamingBoth) {
  EXPECT_THAT(
      refusal("next"),
      HasSubstr("is built for version 2 of the plugin interface, and this host offers version 1"));
  EXPECT_THAT(
      refusal("major"),
      HasSubstr("is built for version 3 of the plugin interface, and this host offers version 1"));
}

TEST(Entry, ThatIsNoneIsRefused) {
  EXPECT_THAT(refusal("magic"), HasSubstr("wrong magic"));
  EXPECT_THAT(refusal("short"), HasSubstr("too short"));
  EXPECT_THAT(refusal("incomplete"), HasSubstr("incomplete"));
}

}  // namespace
}  // namespace bulkhead::plugins
