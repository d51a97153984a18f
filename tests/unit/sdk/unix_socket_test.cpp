#include "bulkhead/unix_socket.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

#include "temporary_directory.hpp"

namespace bulkhead {
namespace {

// Connects and sends a byte through.
void expect_works(int listening, const std::string& path) {
  const auto client = connect_unix(path);
  ASSERT_TRUE(client) << client.error().message;
  const UniqueFd server(::accept4(listening, nullptr, nullptr, SOCK_CLOEXEC));
  ASSERT_TRUE(server);
  ASSERT_EQ(::write(client->get(), "x", 1), 1);
  char byte = 0;
  EXPECT_EQ(::read(server.get(), &byte, 1), 1);
  EXPECT_EQ(byte, 'x');
}

TEST(UnixSocket, ListensAndConnects) {
  const TemporaryDirectory directory;
  const auto listening = listen_unix(directory / "s");
  ASSERT_TRUE(listening) << listening.error().message;
  expect_works(listening->get(), directory / "s");
}

TEST(UnixSocket, WorksBelowALongPath) {
  const TemporaryDirectory directory;
  const std::string deep = directory / (std::string(150, 'a') + "/" + std::string(150, 'b'));
  std::filesystem::create_directories(deep);
  const auto listening = listen_unix(deep + "/s.sock");
  ASSERT_TRUE(listening) << listening.error().message;
  expect_works(listening->get(), deep + "/s.sock");
}

TEST(UnixSocket, IsBornPrivateWhateverTheMask) {
  const TemporaryDirectory directory;
  const mode_t before = ::umask(0);
  const auto listening = listen_unix(directory / "s");
  ::umask(before);
  ASSERT_TRUE(listening);
  struct stat status = {};
  ASSERT_EQ(::stat((directory / "s").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777, 0600u);
  EXPECT_TRUE(::fcntl(listening->get(), F_GETFD) & FD_CLOEXEC);
}

TEST(UnixSocket, ReplacesADeadOne) {
  const TemporaryDirectory directory;
  { const auto first = listen_unix(directory / "s"); }  // closed, but the name stays
  ASSERT_TRUE(std::filesystem::exists(directory / "s"));
  const auto second = listen_unix(directory / "s");
  ASSERT_TRUE(second) << second.error().message;
  expect_works(second->get(), directory / "s");
}

TEST(UnixSocket, LeavesALivingOneAlone) {
  const TemporaryDirectory directory;
  const auto first = listen_unix(directory / "s");
  const auto second = listen_unix(directory / "s");
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, Code::kConflict);
  // It was asked whether it lives, by a connection.
  const UniqueFd question(::accept4(first->get(), nullptr, nullptr, SOCK_CLOEXEC));
  EXPECT_TRUE(question);
  expect_works(first->get(), directory / "s");
}

TEST(UnixSocket, LeavesAFileAlone) {
  const TemporaryDirectory directory;
  std::ofstream(directory / "s") << "precious";
  const auto listening = listen_unix(directory / "s");
  ASSERT_FALSE(listening);
  EXPECT_EQ(listening.error().code, Code::kConflict);
  EXPECT_TRUE(std::filesystem::is_regular_file(directory / "s"));
}

TEST(UnixSocket, TellsMissingFromDead) {
  const TemporaryDirectory directory;
  EXPECT_EQ(connect_unix(directory / "none").error().code, Code::kNotFound);
  { const auto dead = listen_unix(directory / "dead"); }
  EXPECT_EQ(connect_unix(directory / "dead").error().code, Code::kUnavailable);
  EXPECT_EQ(connect_unix(directory / std::string(200, 'x')).error().code, Code::kInvalid);
  EXPECT_FALSE(connect_unix(""));
}

TEST(UnixSocket, KnowsItsPeer) {
  const auto pair = socket_pair();
  ASSERT_TRUE(pair);
  const auto peer = peer_credentials(pair->first.get());
  ASSERT_TRUE(peer);
  EXPECT_EQ(peer->pid, ::getpid());
  EXPECT_EQ(peer->uid, ::geteuid());
  EXPECT_EQ(peer->gid, ::getegid());
}

}  // namespace
}  // namespace bulkhead
