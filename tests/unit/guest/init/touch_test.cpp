#include "guest/init/touch.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "bulkhead/unique_fd.hpp"

namespace bulkhead::guest {
namespace {

namespace fs = std::filesystem;

class TouchTest : public testing::Test {
 protected:
  TouchTest() {
    std::string pattern = testing::TempDir() + "/touch-XXXXXX";
    base = mkdtemp(pattern.data());
    fs::create_directories(base / "root/src");
    std::ofstream(base / "root/src/file") << "content";
    root.reset(open((base / "root").c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    watcher.reset(inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
    inotify_add_watch(watcher.get(), (base / "root/src").c_str(), IN_ALL_EVENTS);
  }
  ~TouchTest() override { fs::remove_all(base); }

  // The masks of all events so far, joined.
  uint32_t seen() const {
    alignas(inotify_event) char events[4096];
    uint32_t mask = 0;
    ssize_t size = read(watcher.get(), events, sizeof events);
    for (ssize_t at = 0; at < size;) {
      const auto* event = reinterpret_cast<const inotify_event*>(events + at);
      mask |= event->mask;
      at += static_cast<ssize_t>(sizeof *event + event->len);
    }
    return mask;
  }

  fs::path base;
  UniqueFd root, watcher;
};

TEST_F(TouchTest, WatchersSeeAChangeOfContent) {
  touch_paths(root.get(), {"/no/such/file", "/src/file"});
  EXPECT_EQ(seen(), uint32_t{IN_MODIFY});
}

TEST_F(TouchTest, NothingOutsideTheRoot) {
  std::ofstream(base / "outside") << "";
  const timespec old[2] = {{1000, 0}, {1000, 0}};
  utimensat(AT_FDCWD, (base / "outside").c_str(), old, 0);
  fs::create_symlink(base / "outside", base / "root/link");
  touch_paths(root.get(), {"/../outside", "/link"});
  struct stat status {};
  ASSERT_EQ(stat((base / "outside").c_str(), &status), 0);
  EXPECT_EQ(status.st_mtim.tv_sec, 1000);
}

TEST_F(TouchTest, AFifoDoesNotHoldItUp) {
  mkfifo((base / "root/src/fifo").c_str(), 0600);
  touch_paths(root.get(), {"/src/fifo", "/src"});
  EXPECT_EQ(seen() & IN_OPEN, 0U);
}

}  // namespace
}  // namespace bulkhead::guest
