#include "options/image_config.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "command/commands.hpp"
#include "command/parse.hpp"

namespace bulkhead::cli {
namespace {

using nlohmann::json;

const Environment kNoEnvironment = [](const std::string&) { return std::nullopt; };

Result<json> config(std::vector<std::string> words) {
  const auto invocation = parse(commands::image_import, std::move(words));
  if (!invocation) return fail(invocation.error());
  return image_config(*invocation, kNoEnvironment);
}

TEST(ImageConfig, IsEmptyUnlessAsked) {
  EXPECT_EQ(config({"x.tar"}).value(), json::object());
}

TEST(ImageConfig, CommandsAreWordsOrALineForTheShell) {
  EXPECT_EQ(config({"--cmd", R"(["sh", "-l"])", "x.tar"}).value()["Cmd"], (json{"sh", "-l"}));
  EXPECT_EQ(config({"--entrypoint", "exec app", "x.tar"}).value()["Entrypoint"],
            (json{"/bin/sh", "-c", "exec app"}));
  EXPECT_EQ(config({"--cmd", "[1]", "x.tar"}).value()["Cmd"], (json{"/bin/sh", "-c", "[1]"}));
}

TEST(ImageConfig, OptionsAddToTheObject) {
  const auto made = config({"--config", R"({"Env": ["A=1", "B=1"], "User": "nobody"})", "-e", "B=2",
                            "-l", "k=v", "-w", "/srv", "--stop-signal", "SIGQUIT", "x.tar"});
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_EQ(*made, (json{{"Env", {"A=1", "B=2"}},
                         {"User", "nobody"},
                         {"Labels", {{"k", "v"}}},
                         {"WorkingDir", "/srv"},
                         {"StopSignal", "SIGQUIT"}}));
}

TEST(ImageConfig, ChangesAreInstructions) {
  const auto made =
      config({"-c", "ENV A=1", "-c", "cmd [\"x\"]", "-c", "WORKDIR  /a b", "-c", "LABEL k=v", "-c",
              "USER me", "-c", "STOPSIGNAL 9", "-c", "ENTRYPOINT run it", "x.tar"});
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_EQ(*made, (json{{"Env", {"A=1"}},
                         {"Cmd", {"x"}},
                         {"WorkingDir", "/a b"},
                         {"Labels", {{"k", "v"}}},
                         {"User", "me"},
                         {"StopSignal", "9"},
                         {"Entrypoint", {"/bin/sh", "-c", "run it"}}}));
}

TEST(ImageConfig, RefusesWhatItDoesNotUnderstand) {
  for (const char* bad : {"RUN make", "CMD", "CMD  ", "", "FROM x", "ENV =1"}) {
    json target = json::object();
    EXPECT_FALSE(apply_instruction(target, bad, kNoEnvironment)) << bad;
  }
  for (const char* bad :
       {"", "[]", "nonsense", R"({"Env": "A=1"})", R"({"Cmd": [1]})", R"({"Labels": []})"}) {
    EXPECT_FALSE(config({"--config", bad, "x.tar"})) << bad;
  }
}

}  // namespace
}  // namespace bulkhead::cli
