#include "guest/core/process_spec.hpp"

#include <gmock/gmock.h>

#include <csignal>

namespace bulkhead::guest {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::string failure(std::string_view json) {
  auto spec = parse_process(json);
  EXPECT_FALSE(spec) << json;
  if (spec) return "";
  EXPECT_EQ(spec.error().code, Code::kInvalid);
  return spec.error().message;
}

TEST(ProcessSpec, EveryField) {
  auto spec = parse_process(
      R"({"args": ["sh", "-c", ""], "env": ["A=1"], "cwd": "/work", "terminal": true, "stdin": true,
          "size": {"rows": 50, "cols": 132}, "user": "web", "supplementalGroups": [5, 6],
          "capabilities": ["CAP_CHOWN", "CAP_CHECKPOINT_RESTORE"], "noNewPrivileges": true,
          "rlimits": [{"type": "RLIMIT_NOFILE", "soft": 10, "hard": 20}, {"type": "RLIMIT_CORE", "soft": -1, "hard": -1}],
          "somethingNew": {}})");
  ASSERT_TRUE(spec) << spec.error().message;
  EXPECT_THAT(spec->args, ElementsAre("sh", "-c", ""));
  EXPECT_THAT(spec->env, ElementsAre("A=1"));
  EXPECT_EQ(spec->cwd, "/work");
  EXPECT_TRUE(spec->terminal);
  EXPECT_TRUE(spec->has_stdin);
  EXPECT_EQ(spec->size.rows, 50);
  EXPECT_EQ(spec->size.cols, 132);
  EXPECT_EQ(spec->user, "web");
  EXPECT_THAT(spec->supplemental_groups, ElementsAre(5, 6));
  EXPECT_EQ(spec->capabilities, uint64_t{1} | uint64_t{1} << 40);
  EXPECT_TRUE(spec->no_new_privileges);
  ASSERT_EQ(spec->limits.size(), 2u);
  EXPECT_EQ(spec->limits[0].resource, RLIMIT_NOFILE);
  EXPECT_EQ(spec->limits[0].soft, 10u);
  EXPECT_EQ(spec->limits[0].hard, 20u);
  EXPECT_EQ(spec->limits[1].soft, RLIM_INFINITY);
}

TEST(ProcessSpec, DefaultsOfWhatIsLeftOut) {
  auto spec = parse_process(R"({"args": ["true"], "cwd": "", "user": null})");
  ASSERT_TRUE(spec);
  EXPECT_EQ(spec->cwd, "/");
  EXPECT_FALSE(spec->terminal);
  EXPECT_FALSE(spec->has_stdin);
  EXPECT_EQ(spec->capabilities, 0u);
}

TEST(ProcessSpec, MistakesAreNamed) {
  EXPECT_EQ(failure("{"), "process is not JSON");
  EXPECT_EQ(failure("[]"), "process must be an object");
  EXPECT_EQ(failure("{}"), "process.args must name a command");
  EXPECT_EQ(failure(R"({"args": [""]})"), "process.args must name a command");
  EXPECT_EQ(failure(R"({"args": "sh"})"), "process.args must be an array of strings");
  EXPECT_EQ(failure(R"({"args": ["sh", 1]})"), "process.args must be an array of strings");
  EXPECT_EQ(failure(R"({"args": ["sh"], "cwd": "work"})"),
            "the working directory work is not absolute");
  EXPECT_EQ(failure(R"({"args": ["sh"], "terminal": 1})"),
            "process.terminal must be true or false");
  EXPECT_EQ(failure(R"({"args": ["sh"], "capabilities": ["CAP_FLY"]})"),
            "unknown capability CAP_FLY");
  EXPECT_EQ(failure(R"({"args": ["sh"], "capabilities": ["CHOWN"]})"), "unknown capability CHOWN");
  EXPECT_EQ(failure(R"({"args": ["sh"], "supplementalGroups": [-1]})"),
            "process.supplementalGroups must hold group ids");
  EXPECT_EQ(failure(R"({"args": ["sh"], "supplementalGroups": [4294967295]})"),
            "process.supplementalGroups must hold group ids");
  EXPECT_EQ(
      failure(R"({"args": ["sh"], "rlimits": [{"type": "RLIMIT_FUN", "soft": 1, "hard": 1}]})"),
      "unknown resource limit RLIMIT_FUN");
  EXPECT_EQ(
      failure(R"({"args": ["sh"], "rlimits": [{"type": "RLIMIT_CPU", "soft": 2, "hard": 1}]})"),
      "the soft limit of RLIMIT_CPU is above its hard limit");
  EXPECT_THAT(failure(R"({"args": ["sh"], "size": {"rows": 65536}})"),
              HasSubstr("process.size.rows"));
}

// A NUL would end the string the kernel gets: "/bin/sh\0/allowed".
TEST(ProcessSpec, StringsForTheKernelHaveNoNul) {
  EXPECT_EQ(failure(R"({"args": ["sh\u0000x"]})"), "process.args must be without NUL characters");
  EXPECT_EQ(failure(R"({"args": ["sh"], "env": ["A=\u0000"]})"),
            "process.env must be without NUL characters");
  EXPECT_EQ(failure(R"({"args": ["sh"], "cwd": "/\u0000"})"),
            "process.cwd must be without NUL characters");
}

TEST(ProcessSpec, SignalsOfTheKernel) {
  EXPECT_EQ(parse_signal(R"({"signal": 15})").value(), SIGTERM);
  EXPECT_EQ(parse_signal(R"({"signal": 64})").value(), SIGRTMAX);
  for (const char* wrong :
       {R"({"signal": 0})", R"({"signal": 65})", R"({"signal": "TERM"})", "{}", ""})
    EXPECT_FALSE(parse_signal(wrong)) << wrong;
}

TEST(ProcessSpec, TerminalSizes) {
  auto size = parse_terminal_size(R"({"rows": 1, "cols": 65535})");
  ASSERT_TRUE(size);
  EXPECT_EQ(size->cols, 65535);
  EXPECT_FALSE(parse_terminal_size(R"({"rows": -1, "cols": 1})"));
  EXPECT_FALSE(parse_terminal_size("[]"));
}

}  // namespace
}  // namespace bulkhead::guest
