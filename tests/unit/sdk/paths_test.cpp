#include "bulkhead/paths.hpp"

#include <gtest/gtest.h>

#include <map>

namespace bulkhead {
namespace {

Result<Paths> paths(uid_t uid, const std::map<std::string, std::string>& variables) {
  return paths_in({uid, "/work/here", [&variables](const char* name) -> const char* {
                     const auto found = variables.find(name);
                     return found == variables.end() ? nullptr : found->second.c_str();
                   }});
}

TEST(Paths, OfAnExplicitRoot) {
  for (const uid_t uid : {uid_t{0}, uid_t{1000}}) {
    const auto found = paths(uid, {{"CONTAINER_ROOT", "/r"}, {"XDG_DATA_HOME", "/x"}});
    ASSERT_TRUE(found);
    EXPECT_EQ(found->data, "/r/data");
    EXPECT_EQ(found->run, "/r/run");
    EXPECT_EQ(found->logs, "/r/logs");
    EXPECT_EQ(found->config, "/r/config");
    EXPECT_EQ(found->socket(), "/r/run/api.sock");
  }
}

TEST(Paths, OfARelativeRootAreAbsolute) {
  EXPECT_EQ(paths(1000, {{"CONTAINER_ROOT", "../a/./b/"}})->data, "/work/a/b/data");
}

TEST(Paths, OfRoot) {
  const auto found = paths(0, {{"HOME", "/root"}, {"CONTAINER_ROOT", ""}});
  EXPECT_EQ(found->data, "/var/lib/bulkhead");
  EXPECT_EQ(found->run, "/run/bulkhead");
  EXPECT_EQ(found->logs, "/var/log/bulkhead");
  EXPECT_EQ(found->config, "/etc/bulkhead");
}

TEST(Paths, OfAUserByDefault) {
  const auto found = paths(1000, {{"HOME", "/home/u"}, {"XDG_RUNTIME_DIR", "/run/user/1000/"}});
  EXPECT_EQ(found->data, "/home/u/.local/share/bulkhead");
  EXPECT_EQ(found->run, "/run/user/1000/bulkhead");
  EXPECT_EQ(found->logs, "/home/u/.local/state/bulkhead/logs");
  EXPECT_EQ(found->config, "/home/u/.config/bulkhead");
}

TEST(Paths, OfAUserWithXdgVariables) {
  const auto found =
      paths(1000, {{"XDG_DATA_HOME", "/d"}, {"XDG_STATE_HOME", "/s"}, {"XDG_CONFIG_HOME", "/c"}});
  ASSERT_TRUE(found) << "HOME isn't needed then";
  EXPECT_EQ(found->data, "/d/bulkhead");
  EXPECT_EQ(found->run, "/d/bulkhead/run") << "without XDG_RUNTIME_DIR";
  EXPECT_EQ(found->logs, "/s/bulkhead/logs");
  EXPECT_EQ(found->config, "/c/bulkhead");
}

TEST(Paths, IgnoreXdgVariablesThatAreRelative) {
  const auto found =
      paths(1000, {{"HOME", "/h"}, {"XDG_DATA_HOME", "d"}, {"XDG_RUNTIME_DIR", "r"}});
  EXPECT_EQ(found->data, "/h/.local/share/bulkhead");
  EXPECT_EQ(found->run, "/h/.local/share/bulkhead/run");
}

TEST(Paths, NeedAHome) {
  for (const auto& variables :
       {std::map<std::string, std::string>{}, {{"HOME", ""}}, {{"HOME", "x"}}}) {
    const auto found = paths(1000, variables);
    ASSERT_FALSE(found);
    EXPECT_FALSE(found.error().hint.empty());
  }
}

}  // namespace
}  // namespace bulkhead
