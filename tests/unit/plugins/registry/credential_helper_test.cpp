#include "credential_helper.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <iterator>

#include "sandbox.hpp"

namespace bulkhead::registry {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

std::string error_of(const Result<std::optional<Credential>>& answer) {
  return answer ? "none" : answer.error().message;
}

TEST(CredentialHelper, IsAskedForAServer) {
  const Sandbox box;
  box.helper("ok",
             "[ \"$*\" = get ] || exit 2\nread -r server\n"
             "printf '{\"ServerURL\":\"%s\",\"Username\":\"of %s\",\"Secret\":\"s3\"}' "
             "\"$server\" \"$server\"");
  const auto answer = ask_helper("ok", "ghcr.io", milliseconds(5000));
  ASSERT_TRUE(answer) << error_of(answer);
  EXPECT_EQ(**answer, (Credential{"of ghcr.io", Secret("s3"), false}));
}

TEST(CredentialHelper, GivesAnIdentityTokenToo) {
  const auto answer = parse_helper_answer(R"({"Username": "<token>", "Secret": "eyJ"})");
  ASSERT_TRUE(answer && *answer);
  EXPECT_TRUE((*answer)->is_identity_token);
}

TEST(CredentialHelper, MayKnowNothing) {
  const Sandbox box;
  box.helper("none", "echo 'credentials not found in native keychain'; exit 1");
  const auto answer = ask_helper("none", "ghcr.io", milliseconds(5000));
  ASSERT_TRUE(answer) << error_of(answer);
  EXPECT_FALSE(*answer);
  EXPECT_FALSE(*parse_helper_answer(R"({"Username": "", "Secret": ""})"));
}

TEST(CredentialHelper, MayFailAndItsWordsAreNotRepeated) {
  const Sandbox box;
  box.helper("fails", "echo hunter2; exit 3");
  box.helper("dies", "kill -9 $$");
  box.helper("babbles", "echo hunter2");
  box.helper("half", "echo '{\"Username\": \"me\", \"hunter2\": 1}'");
  box.helper("floods", "head -c 200000 /dev/zero");
  const auto error = [](const char* name) {
    return error_of(ask_helper(name, "ghcr.io", milliseconds(5000)));
  };
  EXPECT_EQ(error("fails"), "ask docker-credential-fails: it ended with status 3");
  EXPECT_EQ(error("dies"), "ask docker-credential-dies: signal 9 ended it");
  EXPECT_EQ(error("babbles"), "ask docker-credential-babbles: its answer is not JSON");
  EXPECT_EQ(error("half"), "ask docker-credential-half: its answer lacks Username or Secret");
  EXPECT_EQ(error("floods"), "ask docker-credential-floods: it wrote more than 64 KiB");
  EXPECT_THAT(error("is-not-there"), testing::HasSubstr("there is no such program in PATH"));
}

TEST(CredentialHelper, HasADeadlineWithAllItStarted) {
  const Sandbox box;
  box.helper("sleeps", "sleep 60 & echo $! > " + box.path("pid") + "; wait");
  const auto begin = steady_clock::now();
  EXPECT_EQ(error_of(ask_helper("sleeps", "ghcr.io", milliseconds(500))),
            "ask docker-credential-sleeps: it didn't answer in time");
  EXPECT_LT(steady_clock::now() - begin, std::chrono::seconds(5));
  const int pid = std::stoi(box.read("pid"));
  for (int i = 0; i < 100 && ::kill(pid, 0) == 0; i++) ::usleep(20'000);
  // Gone, or a zombie that waits for init.
  std::ifstream stat("/proc/" + std::to_string(pid) + "/stat");
  const std::string text{std::istreambuf_iterator<char>(stat), {}};
  EXPECT_TRUE(text.empty() || text.find(") Z ") != std::string::npos) << text;
}

TEST(CredentialHelper, IsNotWaitedForBeyondItsEnd) {
  const Sandbox box;
  box.helper("agent", "sleep 20 & echo '{\"Username\":\"me\",\"Secret\":\"s\"}'");
  const auto begin = steady_clock::now();
  const auto answer = ask_helper("agent", "ghcr.io", milliseconds(10'000));
  ASSERT_TRUE(answer) << error_of(answer);
  EXPECT_LT(steady_clock::now() - begin, std::chrono::seconds(5));
}

TEST(CredentialHelper, HasAPlainName) {
  EXPECT_TRUE(is_helper_name("secretservice"));
  EXPECT_TRUE(is_helper_name("ecr-login_2"));
  for (const char* name : {"", "../x", "a b", "a/b", "a.b"}) EXPECT_FALSE(is_helper_name(name));
  EXPECT_EQ(error_of(ask_helper("../../bin/sh", "ghcr.io", milliseconds(100))),
            "a credential helper's name has letters, digits, - and _ only");
}

}  // namespace
}  // namespace bulkhead::registry
