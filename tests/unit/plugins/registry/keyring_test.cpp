// The keyring as it is met: none, a bus that leads nowhere or says nothing, and gnome-keyring, for
// which this program runs itself again within a session of its own.
#include "keyring.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cstdlib>
#include <cstring>

#include "bulkhead/unique_fd.hpp"
#include "credentials.hpp"
#include "sandbox.hpp"

namespace bulkhead::registry {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr const char* kInside = "BULKHEAD_TEST_INSIDE";
const Credential kMe{"me", Secret("hunter2"), false};

bool installed(const std::string& program) {
  return std::system(("command -v " + program + " >/dev/null").c_str()) == 0;
}

// The exit status of this program's tests `filter` in a new session, after `before`.
int run_inside(const Sandbox& home, const std::string& before, const std::string& filter) {
  const std::string self = std::filesystem::read_symlink("/proc/self/exe").string();
  const std::string command =
      "unset DBUS_SESSION_BUS_ADDRESS; export HOME='" + home.path() + "' XDG_DATA_HOME='" +
      home.path("data") + "' XDG_RUNTIME_DIR='" + home.path("run") + "' XDG_CONFIG_HOME='" +
      home.path("config") + "' " + kInside + "=1; mkdir -m 700 \"$XDG_RUNTIME_DIR\"; " +
      "dbus-run-session -- sh -c '" + before + " exec " + self + " --gtest_filter=" + filter + "'";
  return std::system(command.c_str());
}

class Inside : public testing::Test {
 protected:
  void SetUp() override {
    if (std::getenv(kInside) == nullptr) GTEST_SKIP() << "runs within Keyring.*";
  }
  Sandbox box_;
  std::vector<std::string> warnings_;
  Credentials credentials_{box_.path("root"),
                           [this](const std::string& text) { warnings_.push_back(text); }};
};

using KeyringInside = Inside;
using SilentKeyringInside = Inside;

TEST_F(KeyringInside, KeepsFindsListsAndForgets) {
  ASSERT_EQ(*credentials_.keep("ghcr.io", kMe), "secret-service");
  ASSERT_EQ(*credentials_.keep("docker.io", {"<token>", Secret("eyJ"), true}), "secret-service");
  EXPECT_FALSE(std::filesystem::exists(box_.path("root")));
  EXPECT_EQ(**credentials_.find("ghcr.io"), kMe);
  EXPECT_TRUE((*credentials_.find("docker.io"))->is_identity_token);
  EXPECT_FALSE(*credentials_.find("quay.io"));
  const auto logins = *credentials_.list();
  ASSERT_EQ(logins.size(), 2u);
  EXPECT_EQ(logins[0].server, "docker.io");
  EXPECT_EQ(logins[1].username, "me");
  EXPECT_GT(logins[1].created_at, "2020");
  EXPECT_LE(logins[1].created_at, logins[1].modified_at);
  EXPECT_TRUE(*credentials_.forget("docker.io"));
  EXPECT_FALSE(*credentials_.forget("docker.io"));
  EXPECT_TRUE(*credentials_.forget("ghcr.io"));
  EXPECT_THAT(warnings_, testing::IsEmpty());
}

TEST_F(KeyringInside, HasOneLoginForAServer) {
  ASSERT_TRUE(credentials_.keep("quay.io", kMe));
  ASSERT_TRUE(credentials_.keep("quay.io", {"me", Secret("new"), false}));
  EXPECT_EQ((*credentials_.find("quay.io"))->password.reveal(), "new");
  ASSERT_TRUE(credentials_.keep("quay.io", {"you", Secret("other"), true}));
  EXPECT_EQ((*credentials_.find("quay.io"))->username, "you");
  EXPECT_EQ(credentials_.list()->size(), 1u);
  EXPECT_TRUE(*credentials_.forget("quay.io"));
}

TEST_F(KeyringInside, TakesALoginOverFromTheFile) {
  const CredentialFile file(box_.path("root"));
  ASSERT_TRUE(file.keep("ghcr.io", {"old", Secret("x"), false}));
  EXPECT_EQ((*credentials_.find("ghcr.io"))->username, "old");
  ASSERT_EQ(*credentials_.keep("ghcr.io", kMe), "secret-service");
  EXPECT_FALSE(*file.find("ghcr.io"));
  EXPECT_TRUE(*credentials_.forget("ghcr.io"));
}

// The last: it doesn't unlock again.
TEST_F(KeyringInside, IsNotAskedToPromptWhenLocked) {
  ASSERT_EQ(*credentials_.keep("ghcr.io", kMe), "secret-service");
  ASSERT_EQ(std::system("dbus-send --session --print-reply --dest=org.freedesktop.secrets "
                        "/org/freedesktop/secrets org.freedesktop.Secret.Service.Lock "
                        "array:objpath:/org/freedesktop/secrets/aliases/default >/dev/null"),
            0);
  const auto begin = steady_clock::now();
  EXPECT_FALSE(*credentials_.find("ghcr.io"));
  EXPECT_THAT(warnings_, testing::ElementsAre("the keyring isn't used: the keyring is locked"));
  const auto forgotten = credentials_.forget("ghcr.io");
  ASSERT_FALSE(forgotten);
  EXPECT_EQ(forgotten.error().code, Code::kDenied);
  EXPECT_EQ(*credentials_.keep("ghcr.io", {"new", Secret("y"), false}), "file");
  EXPECT_EQ((*credentials_.find("ghcr.io"))->username, "new");
  EXPECT_TRUE(credentials_.list());
  EXPECT_LT(steady_clock::now() - begin, milliseconds(2000));
}

TEST(Keyring, IsGnomes) {
  if (!installed("dbus-run-session") || !installed("gnome-keyring-daemon") ||
      !installed("dbus-send")) {
    GTEST_SKIP() << "needs dbus-run-session, dbus-send and gnome-keyring-daemon";
  }
  const Sandbox home;
  EXPECT_EQ(run_inside(home,
                       "printf \"\\n\" | gnome-keyring-daemon --unlock --components=secrets "
                       ">/dev/null;",
                       "KeyringInside.*"),
            0);
}

TEST_F(SilentKeyringInside, CostsTwoSecondsOnce) {
  const auto begin = steady_clock::now();
  EXPECT_EQ(*credentials_.keep("ghcr.io", kMe), "file");
  EXPECT_EQ(**credentials_.find("ghcr.io"), kMe);
  EXPECT_EQ(credentials_.list()->size(), 1u);
  EXPECT_TRUE(*credentials_.forget("ghcr.io"));
  EXPECT_LT(steady_clock::now() - begin, milliseconds(2500));
  ASSERT_EQ(warnings_.size(), 1u);
  EXPECT_THAT(warnings_[0], testing::EndsWith("no answer in two seconds"));
}

TEST(Keyring, MayBeAServiceThatNeverComes) {
  if (!installed("dbus-run-session")) GTEST_SKIP() << "needs dbus-run-session";
  const Sandbox home;
  home.write("data/dbus-1/services/org.freedesktop.secrets.service",
             "[D-BUS Service]\nName=org.freedesktop.secrets\nExec=/bin/sleep 5\n");
  EXPECT_EQ(run_inside(home, "", "SilentKeyringInside.*"), 0);
}

TEST(Keyring, MayBeMissing) {
  const Variable run("XDG_RUNTIME_DIR", nullptr);
  Keyring keyring;
  for (const char* address : {"", "autolaunch:", "unix:path=/nonexistent/bus", "nonsense"}) {
    const Variable bus("DBUS_SESSION_BUS_ADDRESS", address);
    const auto found = keyring.find("ghcr.io");
    ASSERT_FALSE(found) << address;
    EXPECT_EQ(found.error().code, Code::kNotFound) << found.error().message;
  }
}

TEST(Keyring, MayBeABusThatSaysNothing) {
  const Sandbox box;
  const UniqueFd listener(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, box.path("bus").c_str(), sizeof address.sun_path - 1);
  ASSERT_EQ(::bind(listener.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  ASSERT_EQ(::listen(listener.get(), 8), 0);
  const Variable bus("DBUS_SESSION_BUS_ADDRESS", ("unix:path=" + box.path("bus")).c_str());
  Keyring keyring;
  const auto begin = steady_clock::now();
  EXPECT_EQ(keyring.find("ghcr.io").error().code, Code::kTimeout);
  EXPECT_LT(steady_clock::now() - begin, milliseconds(2300));
  EXPECT_EQ(keyring.find("ghcr.io").error().code, Code::kNotFound);
  EXPECT_LT(steady_clock::now() - begin, milliseconds(2300));
}

}  // namespace
}  // namespace bulkhead::registry
