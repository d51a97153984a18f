#include "core/plugins/plugin_directory.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "unit/sdk/temporary_directory.hpp"

namespace bulkhead::plugins {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;

TEST(PluginDirectory, TellsWhatThereIsAndWhatCannotBeUsed) {
  const TemporaryDirectory directory;
  std::filesystem::copy_file(BULKHEAD_SCRIPTED_PLUGIN, directory / "b.so");
  std::ofstream(directory / "a.so") << "not a library";
  std::ofstream(directory / "readme.txt") << "not even called one";
  const auto found = scan_plugins(directory / "", BULKHEAD_PLUGIN_HOST);
  ASSERT_TRUE(found) << found.error().message;
  ASSERT_THAT(found->plugins, SizeIs(1));
  EXPECT_EQ(found->plugins[0].id, "scripted");
  EXPECT_EQ(found->plugins[0].version, "1.2.3");
  EXPECT_THAT(found->plugins[0].capabilities, ElementsAre("storage/1", "runtime/1"));
  ASSERT_THAT(found->refused, SizeIs(1));
  EXPECT_THAT(found->refused[0].file, HasSubstr("a.so"));
  EXPECT_THAT(found->refused[0].reason, HasSubstr("load the plugin"));
}

TEST(PluginDirectory, IsAskedByCapabilityAndId) {
  PluginDirectory directory;
  directory.plugins = {{"a.so", "one", "1", {"storage/1"}},
                       {"b.so", "two", "1", {"storage/1", "runtime/1"}}};
  EXPECT_EQ(directory.offering("storage/1")->id, "one");
  EXPECT_EQ(directory.offering("storage/1", "two")->id, "two");
  EXPECT_EQ(directory.offering("runtime/1")->id, "two");
  EXPECT_EQ(directory.offering("runtime/1", "one"), nullptr);
  EXPECT_EQ(directory.offering("network/1"), nullptr);
}

TEST(PluginDirectory, ThatIsMissingIsAnError) {
  EXPECT_EQ(scan_plugins("/no/such/place", BULKHEAD_PLUGIN_HOST).error().code, Code::kNotFound);
}

TEST(DescribePlugin, SurvivesALibraryThatCrashesTheHost) {
  const auto crashed = describe_plugin(BULKHEAD_CRASHING_LIBRARY, BULKHEAD_PLUGIN_HOST);
  ASSERT_FALSE(crashed);
  EXPECT_THAT(crashed.error().message, HasSubstr("signal 6"));
}

}  // namespace
}  // namespace bulkhead::plugins
