#include "credential_file.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <thread>

#include "sandbox.hpp"
#include "sealed.hpp"

namespace bulkhead::registry {
namespace {

const Credential kMe{"me", Secret("hunter2"), false};

class CredentialFileTest : public testing::Test {
 protected:
  std::string root() const { return box_.path("root"); }
  Sandbox box_;
  CredentialFile file_{box_.path("root")};
};

TEST_F(CredentialFileTest, KeepsFindsListsAndForgets) {
  ASSERT_TRUE(file_.keep("ghcr.io", kMe));
  ASSERT_TRUE(file_.keep("host:5000", {"<token>", Secret("eyJ"), true}));
  const CredentialFile again(root());
  EXPECT_EQ((**again.find("ghcr.io")).credential, kMe);
  EXPECT_TRUE((**again.find("host:5000")).credential.is_identity_token);
  EXPECT_FALSE(*again.find("docker.io"));
  EXPECT_EQ(again.list()->size(), 2u);
  EXPECT_TRUE(*again.forget("ghcr.io"));
  EXPECT_FALSE(*again.forget("ghcr.io"));
  EXPECT_FALSE(*file_.find("ghcr.io"));
  EXPECT_TRUE(*file_.find("host:5000"));
}

TEST_F(CredentialFileTest, MakesNothingWithoutALogin) {
  EXPECT_FALSE(*file_.find("ghcr.io"));
  EXPECT_TRUE(file_.list()->empty());
  EXPECT_FALSE(*file_.forget("ghcr.io"));
  EXPECT_FALSE(std::filesystem::exists(root()));
}

TEST_F(CredentialFileTest, IsOursAloneAndHoldsNoPlainText) {
  ASSERT_TRUE(file_.keep("ghcr.io", kMe));
  EXPECT_EQ(box_.mode("root"), 0700);
  EXPECT_EQ(box_.mode("root/credentials.enc"), 0600);
  EXPECT_EQ(box_.mode("root/credentials.key"), 0600);
  EXPECT_EQ(box_.read("root/credentials.key").size(), 32u);
  EXPECT_THAT(box_.read("root/credentials.enc"), testing::Not(testing::HasSubstr("ghcr")));
}

TEST_F(CredentialFileTest, KeepsTheTimeOfTheFirstLogin) {
  ASSERT_TRUE(file_.keep("ghcr.io", kMe));
  const Login first = (*file_.list())[0];
  EXPECT_THAT(first.created_at,
              testing::MatchesRegex("[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z"));
  std::this_thread::sleep_for(std::chrono::milliseconds(1100));
  ASSERT_TRUE(file_.keep("ghcr.io", {"you", Secret("x"), false}));
  const Login second = (*file_.list())[0];
  EXPECT_EQ(second.username, "you");
  EXPECT_EQ(second.created_at, first.created_at);
  EXPECT_GT(second.modified_at, first.modified_at);
}

TEST_F(CredentialFileTest, RefusesWhatOthersMayRead) {
  ASSERT_TRUE(file_.keep("ghcr.io", kMe));
  for (const std::string name : {"/credentials.enc", "/credentials.key"}) {
    const std::string path = root() + name;
    ::chmod(path.c_str(), 0640);
    const auto found = file_.find("ghcr.io");
    ASSERT_FALSE(found) << path;
    EXPECT_EQ(found.error().code, Code::kDenied);
    EXPECT_EQ(found.error().message, path + " may be read or written by other users");
    EXPECT_FALSE(file_.keep("docker.io", kMe));
    ::chmod(path.c_str(), 0600);
  }
  ::chmod(root().c_str(), 0755);
  EXPECT_FALSE(file_.keep("docker.io", kMe));
}

TEST_F(CredentialFileTest, NeverOverwritesWhatItCannotRead) {
  ASSERT_TRUE(file_.keep("ghcr.io", kMe));
  const std::string good = box_.read("root/credentials.enc");
  for (const size_t at : {size_t{0}, size_t{4}, size_t{5}, size_t{17}, good.size() - 1}) {
    std::string changed = good;
    changed[at] ^= 1;
    box_.write("root/credentials.enc", changed);
    const auto found = file_.find("ghcr.io");
    ASSERT_FALSE(found) << at;
    EXPECT_THAT(found.error().message, testing::StartsWith("the logins in " + root() +
                                                           "/credentials.enc can't be read: "));
    EXPECT_EQ(found.error().hint, "remove this file and log in again");
    EXPECT_FALSE(file_.keep("docker.io", kMe));
    EXPECT_FALSE(file_.forget("ghcr.io"));
    EXPECT_EQ(box_.read("root/credentials.enc"), changed);
  }
  ::unlink((root() + "/credentials.enc").c_str());
  EXPECT_TRUE(file_.keep("docker.io", kMe));
}

TEST_F(CredentialFileTest, MissesItsKey) {
  ASSERT_TRUE(file_.keep("ghcr.io", kMe));
  box_.write("root/credentials.key", *new_seal_key());
  EXPECT_THAT(file_.find("ghcr.io").error().message, testing::HasSubstr("another key"));
  box_.write("root/credentials.key", "short");
  EXPECT_EQ(file_.find("ghcr.io").error().message,
            root() + "/credentials.key is not a key of this program");
  ::unlink((root() + "/credentials.key").c_str());
  EXPECT_THAT(file_.find("ghcr.io").error().message, testing::EndsWith("is missing"));
  EXPECT_FALSE(file_.keep("docker.io", kMe));
  EXPECT_FALSE(std::filesystem::exists(root() + "/credentials.key"));
}

TEST_F(CredentialFileTest, GoesOnAfterACrashInAWrite) {
  ASSERT_TRUE(file_.keep("ghcr.io", kMe));
  box_.write("root/credentials.enc.tmp", "half", 0400);
  EXPECT_TRUE(*file_.find("ghcr.io"));
  ASSERT_TRUE(file_.keep("docker.io", kMe));
  EXPECT_EQ(file_.list()->size(), 2u);
  EXPECT_FALSE(std::filesystem::exists(root() + "/credentials.enc.tmp"));
}

TEST_F(CredentialFileTest, LosesNoLoginOfTwoAtATime) {
  const auto log_in = [this](const std::string& name) {
    const CredentialFile own(root());
    for (int i = 0; i < 20; i++) {
      EXPECT_TRUE(own.keep(name + std::to_string(i) + ".example", kMe));
      EXPECT_TRUE(own.list());
    }
  };
  std::thread other(log_in, "a");
  log_in("b");
  other.join();
  EXPECT_EQ(file_.list()->size(), 40u);
}

TEST(ParseLogins, SaysWhatIsMissing) {
  EXPECT_EQ(parse_logins("[]").error().message, "it holds no list of logins");
  EXPECT_EQ(parse_logins(R"({"logins": [{"server": "x"}]})").error().message,
            "a login in it lacks one of its parts");
  EXPECT_EQ(parse_logins("hunter2").error().message, "not valid JSON (at byte 1)");
}

}  // namespace
}  // namespace bulkhead::registry
