// The tree as a whole: help at every place, refusals, what this version lacks, and the pages made
// from the tables.
#include "command/dispatch.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <set>
#include <sstream>

#include "command/commands.hpp"
#include "command/reference.hpp"
#include "command/words.hpp"
#include "completion/completion.hpp"
#include "options/management.hpp"
#include "support/session.hpp"

namespace bulkhead::cli {
namespace {

using testing::Ended;
using testing::Folder;
using ::testing::HasSubstr;
using testing::Session;
using ::testing::StartsWith;

std::vector<std::string> words_of(const std::string& path) {
  std::vector<std::string> words;
  for (Words each(path, ' '); each.next();) words.emplace_back(each.word());
  words.erase(words.begin());
  return words;
}

class Dispatch : public ::testing::Test {
 protected:
  Session session_;
};

TEST_F(Dispatch, EveryCommandHelpsInThreeWays) {
  for_each_command(commands::root, [&](const Command&, const std::string& path) {
    auto words = words_of(path);
    words.push_back("--help");
    const Ended asked = session_.run(words);
    EXPECT_EQ(asked.status, 0) << path;
    EXPECT_THAT(asked.out, HasSubstr("Usage: " + path)) << path;
    EXPECT_EQ(asked.err, "") << path;
    words.pop_back();
    words.insert(words.begin(), "help");
    EXPECT_EQ(session_.run(words).out, asked.out) << path;
    words[0] = "--debug";
    words.push_back("-h");
    EXPECT_EQ(session_.run(words).out, asked.out) << path;
  });
}

TEST_F(Dispatch, HelpFollowsAliases) {
  EXPECT_EQ(session_.run({"help", "i", "rm"}).out, session_.run({"image", "delete", "--help"}).out);
  EXPECT_EQ(session_.run({}).out, session_.run({"--help"}).out);
  EXPECT_EQ(session_.run({"image"}).out, session_.run({"image", "-h"}).out);
}

TEST_F(Dispatch, UnknownCommands) {
  const Ended top = session_.run({"nonsense"});
  EXPECT_EQ(top.status, 64);
  EXPECT_THAT(top.err, HasSubstr("container system start"));
  EXPECT_THAT(
      session_.run({"image", "nonsense"}).err,
      StartsWith(
          "Error: unknown command 'container image nonsense'\nSee 'container image --help'"));
  EXPECT_EQ(session_.run({"help", "nonsense"}).status, 64);
}

TEST_F(Dispatch, UsageErrorsPointToHelp) {
  const Ended ended = session_.run({"run", "--nope", "x"});
  EXPECT_EQ(ended.status, 64);
  EXPECT_EQ(ended.out, "");
  EXPECT_EQ(ended.err,
            "Error: unknown option '--nope'\nSee 'container run --help' for more information.\n");
}

TEST_F(Dispatch, WhatIsLackingIsRefusedAndNothingAsked) {
  for_each_command(commands::root, [&](const Command& command, const std::string& path) {
    if (command.needs.empty()) return;
    auto words = words_of(path);
    words.push_back("argument");
    const Ended ended = session_.run(words);
    EXPECT_EQ(ended.status, 1) << path;
    EXPECT_THAT(ended.err, StartsWith("Error: " + path + " needs ")) << path;
  });
  for (const Option& option : kManagementOptions) {
    if (option.needs.empty()) continue;
    std::vector<std::string> words = {"run", "--" + std::string(key_of(option))};
    if (!option.choices.empty())
      words.push_back("auto");
    else if (!option.value.empty())
      words.push_back("value");
    words.push_back("busybox");
    const Ended ended = session_.run(words);
    EXPECT_EQ(ended.status, 1) << words[1];
    EXPECT_THAT(ended.err, StartsWith("Error: " + words[1] + " needs ")) << words[1];
  }
  EXPECT_TRUE(session_.service.lines().empty());
}

TEST_F(Dispatch, NoNameIsGivenTwice) {
  for_each_command(commands::root, [&](const Command& command, const std::string& path) {
    std::set<std::string> names;
    for_each_option(command, [&](const Option& option) {
      for (Words each(option.names, ','); each.next();) {
        EXPECT_TRUE(names.insert(std::string(each.word())).second) << path << " " << each.word();
      }
    });
    std::set<std::string> children;
    for (const Command* child : command.children) {
      EXPECT_TRUE(children.insert(std::string(child->name)).second) << path << " " << child->name;
      for (Words each(child->aliases, ' '); each.next();) {
        EXPECT_TRUE(children.insert(std::string(each.word())).second) << path << " " << each.word();
      }
    }
    EXPECT_TRUE(!command.children.empty() || command.run != nullptr || !command.needs.empty())
        << path << " does nothing";
  });
}

TEST_F(Dispatch, TheVersionIsOneLine) {
  const Ended ended = session_.run({"--version"});
  EXPECT_EQ(ended.status, 0);
  EXPECT_THAT(ended.out, StartsWith("container CLI version "));
  EXPECT_THAT(ended.out, HasSubstr("(build: "));
}

TEST_F(Dispatch, CompletionScriptsAreScripts) {
  const Folder folder;
  for (const std::string shell : {"bash", "zsh", "fish"}) {
    const Ended ended = session_.run({"--generate-completion-script", shell});
    ASSERT_EQ(ended.status, 0);
    EXPECT_THAT(ended.out, HasSubstr("kernel-arg"));
    if (std::system(("command -v " + shell + " >/dev/null").c_str()) != 0) continue;
    const std::string file = folder.write("_container", ended.out);
    EXPECT_EQ(std::system((shell + " -n " + file).c_str()), 0) << shell;
  }
  EXPECT_EQ(session_.run({"--generate-completion-script", "tcsh"}).status, 64);
}

TEST_F(Dispatch, TheReferencePageIsCurrent) {
  std::ostringstream committed;
  committed << std::ifstream(REFERENCE_PAGE).rdbuf();
  EXPECT_TRUE(committed.str() == reference_page(commands::root))
      << "docs/reference/cli.md is old: container --generate-reference > docs/reference/cli.md";
}

}  // namespace
}  // namespace bulkhead::cli
