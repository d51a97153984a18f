#include "folder_watch.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>

#include "core/loop/loop.hpp"

namespace bulkhead::qemu {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using Paths = std::vector<std::string>;

void write(const fs::path& path, std::string_view text = "new") {
  std::ofstream(path) << text;
}

// Opened for writing and closed as it was.
void open_and_close(const fs::path& path) {
  const UniqueFd file(::open(path.c_str(), O_RDWR | O_CLOEXEC));
  ASSERT_TRUE(file) << path;
}

// What the guest does with a notice.
void touch(const fs::path& path) {
  const timespec times[2] = {{0, UTIME_OMIT}, {0, UTIME_NOW}};
  ASSERT_EQ(::utimensat(AT_FDCWD, path.c_str(), times, 0), 0) << path;
}

struct FolderWatchTest : testing::Test {
  fs::path dir = fs::path(testing::TempDir()) / ("folder_watch." + std::to_string(::getpid()));
  fs::path src = dir / "src";
  loop::Loop loop;
  Paths remarks;
  std::vector<Paths> notices;
  std::vector<std::function<void()>> waiting;
  bool answers = true;                                // at once
  std::function<void(const std::string&)> on_notice;  // of a path on this side
  std::function<void(const std::string&)> on_answer;  // after it has been answered
  std::unique_ptr<FolderWatch> watch;
  int fences = 0;

  void SetUp() override { fs::create_directories(src); }
  void TearDown() override {
    watch.reset();
    loop.run_once();  // closes the handles
    fs::remove_all(dir);
  }

  void begin(size_t most_watches = 100) {
    watch = std::make_unique<FolderWatch>(
        loop, FolderWatch::Place{src, "/in/side/"}, most_watches,
        [this](const Paths& paths, const std::function<void()>& done) { hear(paths, done); },
        [this](std::string_view line) { remarks.emplace_back(line); });
  }
  void hear(const Paths& paths, const std::function<void()>& done) {
    notices.push_back(paths);
    if (!answers) return waiting.push_back(done);
    for (const std::string& path : paths) {
      if (on_notice) on_notice(outside(path));
    }
    done();
    for (const std::string& path : paths) {
      if (on_answer) on_answer(outside(path));
    }
  }
  void answer() {
    for (const auto& done : std::exchange(waiting, {})) done();
  }

  std::string outside(const std::string& path) const { return src / path.substr(9); }
  // How often it was told of, by its name below the folder.
  long told(const std::string& name) const {
    long count = 0;
    for (const Paths& paths : notices)
      count += std::count(paths.begin(), paths.end(), "/in/side/" + name);
    return count;
  }

  // Turns until it is so. The patience says only when a test gives up.
  template <class Condition>
  testing::AssertionResult until(Condition condition) {
    const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(100);
    while (std::chrono::steady_clock::now() < give_up) {
      if (condition()) return testing::AssertionSuccess();
      loop.run_once();
    }
    return testing::AssertionFailure() << "it never happened";
  }
  // What had happened before is told by now, and what came of that, three times over.
  void settle() {
    for (int i = 0; i < 3; ++i) {
      const std::string fence = "fence" + std::to_string(++fences);
      fs::create_directory(src / fence);  // nobody reacts to a folder
      ASSERT_TRUE(until([&] { return told(fence) > 0; }));
    }
  }
};

TEST_F(FolderWatchTest, TellsOfWhatIsWrittenMadeAndMovedIn) {
  write(src / "old", "old");
  write(dir / "elsewhere");
  begin();
  settle();
  EXPECT_EQ(told("old"), 0) << "it was there before";
  write(src / "old");
  symlink("old", (src / "link").c_str());
  ::mkfifo((src / "made").c_str(), 0600);
  fs::rename(dir / "elsewhere", src / "moved");
  settle();
  EXPECT_EQ(told("old"), 1);
  EXPECT_EQ(told("made"), 1);
  EXPECT_EQ(told("moved"), 1);
  EXPECT_EQ(told("link"), 0) << "the guest would follow it";
  EXPECT_THAT(remarks, IsEmpty());
}

TEST_F(FolderWatchTest, GathersWhatHappensTogether) {
  begin();
  for (int i = 0; i < 3; ++i) {
    write(src / "a");
    write(src / "b");
  }
  settle();
  EXPECT_THAT(notices.front(), ElementsAre("/in/side/a", "/in/side/b", "/in/side/fence1"));
}

TEST_F(FolderWatchTest, ReachesFoldersThatWereThereAndThoseThatAppear) {
  fs::create_directories(src / "a/b");
  begin();
  write(src / "a/b/one");
  fs::create_directories(src / "c/d");
  write(src / "c/d/two");  // before anybody can have begun to watch
  fs::create_directories(dir / "e/f");
  write(dir / "e/f/three");
  fs::rename(dir / "e", src / "e");
  ASSERT_TRUE(until([&] { return told("a/b/one") && told("c/d/two") && told("e/f/three"); }));
  settle();
  write(src / "c/d/two", "again");
  write(src / "e/f/four");
  settle();
  EXPECT_EQ(told("c/d/two"), 2);
  EXPECT_EQ(told("e/f/four"), 1);
}

TEST_F(FolderWatchTest, ReadsLargeTreesToTheirEnd) {
  for (int i = 0; i < 300; ++i) fs::create_directories(src / std::to_string(i) / "x");
  begin(1000);
  ASSERT_TRUE(until([&] { return watch->watches() == 601; }));
  write(src / "299/x/file");
  ASSERT_TRUE(until([&] { return told("299/x/file") == 1; }));
}

TEST_F(FolderWatchTest, FollowsFoldersThatMove) {
  fs::create_directories(src / "a/b");
  fs::create_directories(src / "a.b");
  fs::create_directories(src / "out");
  begin();
  ASSERT_TRUE(until([&] { return watch->watches() == 5; }));
  fs::rename(src / "a", src / "z");
  fs::rename(src / "out", dir / "out");
  settle();
  write(src / "z/b/file");
  write(src / "a.b/file");
  write(dir / "out/file");
  settle();
  EXPECT_EQ(told("z/b/file"), 1);
  EXPECT_EQ(told("a.b/file"), 1) << "its name only begins like that of what has moved";
  EXPECT_EQ(told("a/b/file"), 0);
  EXPECT_EQ(told("out/file"), 0);
}

TEST_F(FolderWatchTest, ForgetsWhatIsDeleted) {
  fs::create_directories(src / "a");
  begin();
  ASSERT_TRUE(until([&] { return watch->watches() == 2; }));
  fs::remove(src / "a");
  ASSERT_TRUE(until([&] { return watch->watches() == 1; }));
}

TEST_F(FolderWatchTest, TheGuestsAnswerIsNoNews) {
  on_notice = touch;
  begin();
  write(src / "file");
  settle();
  EXPECT_EQ(told("file"), 1);
}

TEST_F(FolderWatchTest, WhoOpensAFileWheneverHeHearsOfItHearsNoMoreInTheEnd) {
  on_notice = touch;
  on_answer = [](const std::string& path) {
    if (!fs::is_directory(path)) open_and_close(path);
  };
  begin();
  write(src / "file");
  settle();
  EXPECT_LE(told("file"), 2);
  const long before = told("file");
  write(src / "file", "as long");
  settle();
  EXPECT_GT(told("file"), before) << "a change is told, whatever was left out before";
  EXPECT_LE(told("file"), before + 2);
}

TEST_F(FolderWatchTest, AWriteBetweenTheTouchAndTheLookAtItIsTold) {
  on_notice = [&](const std::string& path) {
    touch(path);
    if (path.ends_with("file") && told("file") == 1) write(path, "WEN");
  };
  begin();
  write(src / "file", "new");
  settle();
  EXPECT_EQ(told("file"), 2);
}

TEST_F(FolderWatchTest, LooksAtNothingBehindASymbolicLink) {
  fs::create_directories(dir / "secret/deep");
  fs::create_directory_symlink(dir / "secret", src / "before");
  begin();
  fs::create_directory_symlink(dir / "secret", src / "after");
  fs::create_directories(src / "real");
  fs::create_directory_symlink("../../secret", src / "real/up");
  settle();
  EXPECT_EQ(watch->watches(), 2u + 3u) << "the folder, real and the fences";
  write(dir / "secret/deep/file");
  write(dir / "secret/file");
  settle();
  for (const Paths& paths : notices)
    EXPECT_THAT(paths, testing::Not(testing::Contains(HasSubstr("file"))));
}

TEST_F(FolderWatchTest, WatchesNoMoreThanItMay) {
  for (int i = 0; i < 10; ++i) fs::create_directories(src / std::to_string(i));
  begin(4);
  settle();
  EXPECT_EQ(watch->watches(), 4u);
  EXPECT_THAT(remarks, ElementsAre(HasSubstr("more than 4 folders")));
}

TEST_F(FolderWatchTest, TellsAFewAtATimeAndWaitsForTheAnswer) {
  answers = false;
  begin();
  for (int i = 0; i < 600; ++i) write(src / std::to_string(i));
  ASSERT_TRUE(until([&] { return !notices.empty(); }));
  // A later timer of the same length would have fired after what must not.
  bool later = false;
  loop::Timer timer(loop, [&] { later = true; });
  timer.start(2 * FolderWatch::kGatherMs);
  ASSERT_TRUE(until([&] { return later; }));
  EXPECT_EQ(notices.size(), 1u);
  EXPECT_EQ(notices.front().size(), FolderWatch::kMostPaths);
  answers = true;
  answer();
  settle();
  for (int i = 0; i < 600; ++i) EXPECT_GE(told(std::to_string(i)), 1) << i;
  for (const Paths& paths : notices) EXPECT_LE(paths.size(), FolderWatch::kMostPaths);
}

TEST_F(FolderWatchTest, LongNamesGoInSmallerParts) {
  fs::path deep = src;
  for (int i = 0; i < 15; ++i) deep /= std::string(250, 'd');
  fs::create_directories(deep);
  begin();
  ASSERT_TRUE(until([&] { return watch->watches() == 16; }));
  for (int i = 0; i < 100; ++i) write(deep / std::to_string(i));
  settle();
  size_t files = 0;
  for (const Paths& paths : notices) {
    size_t bytes = 0;
    for (const std::string& path : paths) bytes += path.size();
    EXPECT_LT(bytes, 160u * 1024);
    files += paths.size();
  }
  EXPECT_GE(files, 100u);
}

TEST_F(FolderWatchTest, SaysOnceThatTooMuchHappensAndGoesOn) {
  unsigned long room = 0;
  std::ifstream("/proc/sys/fs/inotify/max_queued_events") >> room;
  if (room == 0 || room > 100'000) GTEST_SKIP() << "the kernel's queue is too long to be filled";
  begin();
  for (int round = 0; round < 2; ++round) {
    for (unsigned long i = 0; i < room + 2; ++i) write(src / (i % 2 == 0 ? "a" : "b"), "");
    // While the queue is full, more is lost; so this is tried until it is heard.
    const std::string after = "after" + std::to_string(round);
    ASSERT_TRUE(until([&] {
      write(src / after);
      return told(after) > 0;
    }));
  }
  EXPECT_THAT(remarks, ElementsAre(HasSubstr("some changes are not")));
}

TEST_F(FolderWatchTest, KeepsNoMoreThanABoundOfWaitingPaths) {
  answers = false;
  begin();
  write(src / "first");
  ASSERT_TRUE(until([&] { return !notices.empty(); }));
  fs::create_directories(dir / "big");
  for (size_t i = 0; i < FolderWatch::kMostPending + 10; ++i)
    write(dir / "big" / std::to_string(i));
  fs::rename(dir / "big", src / "big");  // read at once, however many
  ASSERT_TRUE(until([&] { return !remarks.empty(); }));
  EXPECT_THAT(remarks, ElementsAre(HasSubstr("some changes are not")));
  answers = true;
  answer();
  settle();
}

TEST_F(FolderWatchTest, AnAnswerMayComeAfterItsEnd) {
  answers = false;
  begin();
  write(src / "file");
  ASSERT_TRUE(until([&] { return !waiting.empty(); }));
  watch.reset();
  answer();
}

TEST_F(FolderWatchTest, RemarksOnAFolderThatIsNotThere) {
  fs::remove(src);
  begin();
  EXPECT_THAT(remarks, ElementsAre(HasSubstr("will not be told")));
  loop.run_once();
}

}  // namespace
}  // namespace bulkhead::qemu
