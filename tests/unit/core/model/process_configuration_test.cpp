#include "model/process_configuration.hpp"

#include "support.hpp"

namespace bulkhead::model {
namespace {

using namespace test;

std::vector<std::string> command(Json process, Json image) {
  auto words = command_line(process, image);
  return words ? *words : std::vector<std::string>{"error", words.error().message};
}

constexpr const char* kPath = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

TEST(CommandLineTest, CombinesEntrypointAndArguments) {
  Json both = {{"Entrypoint", {"/entry", "-x"}}, {"Cmd", {"serve"}}};
  EXPECT_THAT(command(Json::object(), both), ElementsAre("/entry", "-x", "serve"));
  EXPECT_THAT(command({{"arguments", {"one"}}}, both), ElementsAre("/entry", "-x", "one"));
  EXPECT_THAT(command({{"entrypoint", "sh"}}, both), ElementsAre("sh")) << "CMD goes too";
  EXPECT_THAT(command({{"entrypoint", "sh"}, {"arguments", {"-c", "ls"}}}, both),
              ElementsAre("sh", "-c", "ls"));
  EXPECT_THAT(command({{"entrypoint", ""}, {"arguments", {"ls"}}}, both), ElementsAre("ls"));
  EXPECT_THAT(command({{"arguments", {"-flag"}}}, {{"Cmd", {"sh"}}}), ElementsAre("-flag"));
}

TEST(CommandLineTest, RefusesNothingAndZeroBytes) {
  EXPECT_EQ(code_of(command_line(Json::object(), Json::object())), Code::kInvalid);
  EXPECT_EQ(code_of(command_line({{"entrypoint", ""}}, {{"Cmd", {"sh"}}})), Code::kInvalid);
  EXPECT_EQ(code_of(command_line({{"arguments", {""}}}, Json::object())), Code::kInvalid);
  EXPECT_EQ(code_of(command_line({{"arguments", {std::string("a\0b", 3)}}}, Json::object())),
            Code::kInvalid);
}

TEST(EnvironmentTest, LastWinsInTheOrderOfFirstAppearance) {
  EXPECT_EQ(merge_environment({"PATH=/bin", "A=1", "A=2"}, {"B=3", "PATH=/usr", "A="}),
            (Json{"PATH=/usr", "A=", "B=3"}));
  EXPECT_EQ(merge_environment(nullptr, {"A=1"}), Json{"A=1"});
  EXPECT_EQ(merge_environment({"broken", 7, "=x"}, nullptr), Json::array());
}

TEST(InitProcessTest, TerminalsHaveATerm) {
  Json image = {{"Cmd", {"sh"}}};
  EXPECT_EQ(init_process({{"terminal", true}}, image).value()["environment"],
            (Json{kPath, "TERM=xterm"}));
  EXPECT_EQ(init_process({{"terminal", true}, {"environment", {"TERM=vt100"}}}, image)
                .value()["environment"],
            (Json{"TERM=vt100", kPath}));
  EXPECT_EQ(init_process({{"terminal", false}}, image).value()["environment"], Json{kPath});
}

TEST(InitProcessTest, WorkingDirectory) {
  auto directory = [](Json process, Json image) {
    image["Cmd"] = {"sh"};
    auto result = init_process(process, image);
    return result ? (*result)["workingDirectory"].get<std::string>() : result.error().message;
  };
  EXPECT_EQ(directory(Json::object(), Json::object()), "/");
  EXPECT_EQ(directory(Json::object(), {{"WorkingDir", "/app"}}), "/app");
  EXPECT_EQ(directory(Json::object(), {{"WorkingDir", "app"}}), "/app");
  EXPECT_EQ(directory({{"workingDirectory", "/tmp"}}, {{"WorkingDir", "/app"}}), "/tmp");
  EXPECT_THAT(directory({{"workingDirectory", "tmp"}}, Json::object()), HasSubstr("not absolute"));
}

Json who(Json process, Json image = Json::object()) {
  image["Cmd"] = {"sh"};
  auto result = init_process(process, image);
  if (!result) return result.error().message;
  return {(*result)["user"], (*result)["supplementalGroups"]};
}

TEST(InitProcessTest, Identity) {
  Json root = {{"id", {{"uid", 0}, {"gid", 0}}}};
  Json named = {{"raw", {{"userString", "www:web"}}}};
  EXPECT_EQ(who(Json::object()), (Json{root, Json::array()}));
  EXPECT_EQ(who(Json::object(), {{"User", "www:web"}}), (Json{named, Json::array()}));
  EXPECT_EQ(who({{"user", "www:web"}}), (Json{named, Json::array()}));
  EXPECT_EQ(who({{"uid", 5}, {"gid", 6}}),
            (Json{{{"id", {{"uid", 5}, {"gid", 6}}}}, Json::array()}));
  EXPECT_EQ(who({{"uid", 5}}), (Json{{{"raw", {{"userString", "5"}}}}, Json::array()}));
  EXPECT_EQ(who({{"gid", 6}}), (Json{root, Json{6}}));
  EXPECT_EQ(who({{"gid", 6}}, {{"User", "www:web"}}), (Json{named, Json{6}}));
  EXPECT_EQ(who({{"user", "www:web"}, {"gid", 6}}), (Json{named, Json{6}}));
  for (Json bad : {Json(-1), Json("five"), Json(1.5), Json(4294967295)})
    EXPECT_THAT(who({{"uid", bad}}).get<std::string>(), HasSubstr("uid must be a number")) << bad;
}

Result<Json> with_limits(Json limits) {
  return init_process({{"rlimits", std::move(limits)}}, {{"Cmd", {"sh"}}});
}
Json limit(const char* name, int64_t soft, int64_t hard) {
  return {{"limit", name}, {"soft", soft}, {"hard", hard}};
}

TEST(InitProcessTest, ResourceLimits) {
  Json two = Json::array({limit("RLIMIT_NOFILE", 10, 20), limit("RLIMIT_CORE", 5, -1)});
  EXPECT_EQ(with_limits(two).value()["rlimits"], two);
  EXPECT_TRUE(with_limits(Json::array({limit("RLIMIT_CORE", -1, -1)})));
  EXPECT_EQ(code_of(with_limits(Json::array({limit("RLIMIT_FUN", 1, 2)}))), Code::kInvalid);
  EXPECT_EQ(code_of(with_limits(Json::array({limit("RLIMIT_CORE", 3, 2)}))), Code::kInvalid);
  EXPECT_EQ(code_of(with_limits(Json::array({limit("RLIMIT_CORE", -1, 2)}))), Code::kInvalid);
  EXPECT_EQ(code_of(with_limits(Json::array({limit("RLIMIT_CORE", -2, 2)}))), Code::kInvalid);
  EXPECT_EQ(code_of(with_limits(Json::array({{{"limit", "RLIMIT_CORE"}}}))), Code::kInvalid);
  EXPECT_EQ(message_of(
                with_limits(Json::array({limit("RLIMIT_CORE", 1, 2), limit("RLIMIT_CORE", 1, 2)}))),
            "RLIMIT_CORE is given twice");
}

TEST(InitProcessTest, EnvironmentEntriesAreChecked) {
  for (Json bad : {Json{"A"}, Json{"=x"}, Json{7}, Json("A=1"), Json{std::string("A=\0", 3)}})
    EXPECT_EQ(code_of(init_process({{"environment", bad}}, {{"Cmd", {"sh"}}})), Code::kInvalid)
        << bad;
}

TEST(ExecProcessTest, InheritsWhatIsNotGiven) {
  Json init = init_process({{"environment", {"A=1"}},
                            {"workingDirectory", "/app"},
                            {"user", "www"},
                            {"gid", 6},
                            {"rlimits", {{{"limit", "RLIMIT_NOFILE"}, {"soft", 64}, {"hard", 64}}}},
                            {"arguments", {"serve"}}},
                           Json::object())
                  .value();
  Json same = exec_process({{"arguments", {"ls", "-l"}}}, init).value();
  EXPECT_EQ(same["executable"], "ls");
  EXPECT_EQ(same["arguments"], Json{"-l"});
  EXPECT_EQ(same["environment"], (Json{"A=1", kPath}));
  EXPECT_EQ(same["workingDirectory"], "/app");
  EXPECT_EQ(same["user"], init["user"]);
  EXPECT_EQ(same["supplementalGroups"], Json{6});
  EXPECT_EQ(same["rlimits"], init["rlimits"]);
  Json other = exec_process({{"arguments", {"ls"}},
                             {"user", "root"},
                             {"environment", {"A=2"}},
                             {"workingDirectory", "/"},
                             {"terminal", true}},
                            init)
                   .value();
  EXPECT_EQ(other["environment"], (Json{"A=2", kPath, "TERM=xterm"}));
  EXPECT_EQ(other["workingDirectory"], "/");
  EXPECT_EQ(other["supplementalGroups"], Json::array()) << "another user, other groups";
  EXPECT_EQ(code_of(exec_process(Json::object(), init)), Code::kInvalid);
}

}  // namespace
}  // namespace bulkhead::model
