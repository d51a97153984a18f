#include "published_socket.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/fsuid.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "bulkhead/unix_socket.hpp"

namespace bulkhead::qemu {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

struct PublishedSocketTest : testing::Test {
  fs::path dir = fs::path(testing::TempDir()) / ("published." + std::to_string(::getpid()));
  void SetUp() override { fs::create_directories(dir); }
  void TearDown() override { fs::remove_all(dir); }

  static mode_t mode_of(const fs::path& path) {
    struct stat status = {};
    EXPECT_EQ(::stat(path.c_str(), &status), 0);
    return status.st_mode & 07777;
  }
};

TEST_F(PublishedSocketTest, IsThereWithItsFoldersAsLongAsItsObject) {
  const fs::path path = dir / "a/b/app.sock";
  {
    const auto socket = PublishedSocket::create(path, {});
    ASSERT_TRUE(socket) << socket.error().message;
    EXPECT_EQ(mode_of(path), 0600u);
    EXPECT_TRUE(connect_unix(path)) << "who comes early waits in the queue";
  }
  EXPECT_FALSE(fs::exists(path));
}

TEST_F(PublishedSocketTest, HasTheModeThatWasAskedForWhateverTheUmask) {
  const mode_t before = ::umask(077);
  const auto socket = PublishedSocket::create(dir / "app.sock", 0666);
  ::umask(before);
  ASSERT_TRUE(socket);
  EXPECT_EQ(mode_of(dir / "app.sock"), 0666u);
}

TEST_F(PublishedSocketTest, ReplacesASocketThatNobodyListensOn) {
  listen_unix(dir / "app.sock");
  EXPECT_TRUE(PublishedSocket::create(dir / "app.sock", {}));
}

TEST_F(PublishedSocketTest, LeavesAloneWhatIsInTheWay) {
  const auto first = PublishedSocket::create(dir / "app.sock", {});
  const auto second = PublishedSocket::create(dir / "app.sock", {});
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, Code::kConflict);
  EXPECT_THAT(second.error().message,
              HasSubstr("another process listens on " + (dir / "app.sock").string()));

  std::ofstream(dir / "file") << "precious";
  const auto over_file = PublishedSocket::create(dir / "file", {});
  ASSERT_FALSE(over_file);
  EXPECT_EQ(over_file.error().code, Code::kConflict);
  EXPECT_EQ(fs::file_size(dir / "file"), 8u);
}

TEST_F(PublishedSocketTest, RemovesNothingThatTookItsPlace) {
  auto socket = PublishedSocket::create(dir / "app.sock", {});
  fs::remove(dir / "app.sock");
  std::ofstream(dir / "app.sock") << "another's";
  socket->reset();
  EXPECT_TRUE(fs::exists(dir / "app.sock"));
}

// Root may write anywhere, unless it acts for a moment as somebody else.
TEST_F(PublishedSocketTest, ExplainsAFolderThatMayNotBeWrittenTo) {
  fs::create_directories(dir / "locked");
  fs::permissions(dir / "locked",
                  fs::perms::owner_read | fs::perms::owner_exec | fs::perms::others_exec);
  if (::geteuid() == 0) ::setfsuid(65534);
  const auto socket = PublishedSocket::create(dir / "locked/app.sock", {});
  const auto deeper = PublishedSocket::create(dir / "locked/deeper/app.sock", {});
  if (::geteuid() == 0) ::setfsuid(0);
  fs::permissions(dir / "locked", fs::perms::owner_all);
  for (const auto* refused : {&socket, &deeper}) {
    ASSERT_FALSE(*refused);
    EXPECT_EQ(refused->error().code, Code::kDenied);
    EXPECT_THAT(refused->error().message, HasSubstr("can't create " + (dir / "locked").string()));
    EXPECT_THAT(refused->error().message, HasSubstr("permission denied"));
    EXPECT_FALSE(refused->error().hint.empty());
  }
}

}  // namespace
}  // namespace bulkhead::qemu
