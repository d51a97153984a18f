#include "command/plugin.hpp"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>

#include "support/session.hpp"

namespace bulkhead::cli {
namespace {

using testing::Folder;

class Plugin : public ::testing::Test {
 protected:
  void SetUp() override {
    for (const char* name : {"own", "installed"}) std::filesystem::create_directory(file(name));
  }

  std::string file(const std::string& name) const { return folder_.file(name); }
  std::string program(const std::string& name, const std::string& text) const {
    folder_.write(name, text);
    std::filesystem::permissions(file(name), std::filesystem::perms::owner_all);
    return file(name);
  }
  std::optional<std::string> find(const std::string& word) const {
    return find_plugin(std::vector<std::string>{file("own"), file("installed")}, word);
  }

  Folder folder_;
};

TEST_F(Plugin, TheUsersGoesBeforeTheInstalled) {
  EXPECT_EQ(find("hello"), std::nullopt);
  const std::string installed = program("installed/container-hello", "");
  EXPECT_EQ(find("hello"), installed);
  const std::string own = program("own/container-hello", "");
  EXPECT_EQ(find("hello"), own);
}

TEST_F(Plugin, IsAProgramInTheFolderItself) {
  folder_.write("own/container-text", "not executable");
  std::filesystem::create_directory(file("own/container-folder"));
  program("container-outside", "");
  for (const char* none : {"text", "folder", "folder/../../container-outside", ""}) {
    EXPECT_EQ(find(none), std::nullopt) << none;
  }
}

TEST_F(Plugin, TakesTheProcessOverWithTheWords) {
  const std::string path = program(
      "own/container-hello",
      "#!/bin/sh\n[ \"$*\" = '--flag word' ] && [ \"${0##*/}\" = container-hello ] && exit 7\n");
  const pid_t child = fork();
  if (child == 0) {
    (void)become_plugin(path, {"--flag", "word"});
    _exit(99);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(WEXITSTATUS(status), 7);
}

TEST_F(Plugin, WhatCannotBeExecutedIsNamed) {
  const Failure failure =
      become_plugin(program("own/container-broken", "#!/no/such/program\n"), {});
  EXPECT_EQ(failure.value().code, Code::kCommandNotExecutable);
  EXPECT_NE(failure.value().message.find(file("own/container-broken")), std::string::npos);
}

}  // namespace
}  // namespace bulkhead::cli
