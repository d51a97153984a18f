// What the journal is for: a process killed at any moment, a file cut at any byte, and still a
// dense, valid prefix that contains everything that was acknowledged.
#include <gmock/gmock.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <random>

#include "store/verify.hpp"
#include "support.hpp"

namespace bulkhead::store {
namespace {

using namespace test;

// Appends for ever, single events and batches, and writes each acknowledged seq to the pipe.
[[noreturn]] void append_until_killed(const std::string& path, int acks) {
  Journal::Options options;
  options.path = path;
  auto journal = Journal::open(std::move(options));
  if (!journal) _exit(1);
  for (int i = 0;; i++) {
    std::vector<NewEvent> events;
    for (int j = 0; j <= i % 5; j++) events.push_back(note("test/" + std::to_string(i % 3), i));
    (*journal)->append(std::move(events), [acks](Result<std::vector<Event>> result) {
      Seq seq = result ? result->back().seq : -1;
      if (::write(acks, &seq, sizeof seq) != ssize_t(sizeof seq)) _exit(2);
    });
    if (i % 8 == 0) (*journal)->append_sync(one(note("test/sync")));
    (*journal)->drain();
  }
}

TEST(CrashTest, AKilledWriterLosesNothingThatWasAcknowledged) {
  TemporaryDirectory directory;
  std::string path = directory / "journal.db";
  Seq acknowledged = 0;
  std::mt19937 random(7);
  for (int life = 0; life < 12; life++) {
    int pipe_ends[2];
    ASSERT_EQ(::pipe(pipe_ends), 0);
    pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      ::close(pipe_ends[0]);
      append_until_killed(path, pipe_ends[1]);
    }
    ::close(pipe_ends[1]);
    Seq seq = 0;
    int enough = 20 + int(random() % 200);
    for (int i = 0; i < enough && ::read(pipe_ends[0], &seq, sizeof seq) == ssize_t(sizeof seq);
         i++)
      acknowledged = std::max(acknowledged, seq);
    ::kill(child, SIGKILL);
    while (::read(pipe_ends[0], &seq, sizeof seq) == ssize_t(sizeof seq))
      acknowledged = std::max(acknowledged, seq);
    ::close(pipe_ends[0]);
    int status = 0;
    ::waitpid(child, &status, 0);
    ASSERT_TRUE(WIFSIGNALED(status)) << "the child gave up by itself: " << WEXITSTATUS(status);

    auto result = verify(open_reader(path));
    ASSERT_TRUE(result) << result.error().message;
    EXPECT_THAT(result->problems, ::testing::IsEmpty());
    EXPECT_GE(result->events, acknowledged);
  }
  EXPECT_GT(acknowledged, 12 * 20) << "the test killed too early to mean anything";
  EXPECT_FALSE(open_journal(path)->clean());
}

void cut(const std::string& path, uint64_t size) {
  std::filesystem::resize_file(path, size);
}

void flip(const std::string& path, uint64_t place) {
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  file.seekg(std::streamoff(place));
  int byte = file.get();
  file.seekp(std::streamoff(place));
  file.put(char(byte ^ 0x40));
}

// A copy of database and log as they lie there while the writer lives: what a power cut would
// leave.
class TornLogTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto journal = open_journal(directory_ / "live.db");
    for (int i = 0; i < 60; i++) {
      auto intent = journal->append_sync(
          one(model::intent("container/c" + std::to_string(i), "container.start", {{"run", i}})));
      ASSERT_TRUE(intent);
      ASSERT_TRUE(journal->append_sync(
          {model::outcome_ok(operation_of(intent->front()), {}), note("test/a", i)}));
    }
    for (const char* suffix : {"", "-wal"})
      std::filesystem::copy_file((directory_ / "live.db") + suffix,
                                 (directory_ / "saved.db") + suffix);
  }
  std::string fresh_copy() {
    std::string path = directory_ / "copy.db";
    for (const char* suffix : {"", "-wal", "-shm"}) std::filesystem::remove(path + suffix);
    for (const char* suffix : {"", "-wal"})
      std::filesystem::copy_file((directory_ / "saved.db") + suffix, path + suffix);
    return path;
  }
  // Opens it as the daemon would, and says how far it goes.
  Seq reopen(const std::string& path) {
    auto journal = open_journal(path);
    if (!journal) return -1;
    Seq head = journal->head();
    EXPECT_TRUE(journal->append_sync(one(note("test/after"))));
    journal.reset();
    auto result = verify(open_reader(path));
    EXPECT_TRUE(result);
    EXPECT_THAT(result->problems, ::testing::IsEmpty());
    return head;
  }
  TemporaryDirectory directory_;
};

TEST_F(TornLogTest, ACutLogGivesAPrefix) {
  uint64_t size = std::filesystem::file_size(directory_ / "saved.db-wal");
  ASSERT_GT(size, 100'000u);
  std::mt19937 random(11);
  std::set<Seq> heads;
  Seq before = 0;
  for (uint64_t at = size / 2; at <= size; at += 1 + random() % 20'000) {
    std::string path = fresh_copy();
    cut(path + "-wal", at);
    Seq head = reopen(path);
    EXPECT_GE(head, before) << "a longer log says at least as much";
    before = head;
    heads.insert(head);
  }
  EXPECT_GT(heads.size(), 3u);
}

TEST_F(TornLogTest, AFlippedBitEndsTheLogThere) {
  uint64_t size = std::filesystem::file_size(directory_ / "saved.db-wal");
  std::mt19937 random(13);
  for (int i = 0; i < 12; i++) {
    std::string path = fresh_copy();
    flip(path + "-wal", size / 2 + random() % (size / 2));
    EXPECT_GE(reopen(path), kBirth);
  }
}

TEST(CrashTest, AnUnfinishedBirthIsFinishedAtTheNextOpen) {
  TemporaryDirectory directory;
  std::string path = directory / "journal.db";
  std::ofstream(path).close();  // the process died right after creating the file
  auto journal = open_journal(path);
  ASSERT_TRUE(journal);
  EXPECT_EQ(journal->head(), kBirth);
}

TEST(CrashTest, AnotherFileIsNotOverwritten) {
  TemporaryDirectory directory;
  std::string path = directory / "journal.db";
  std::ofstream(path) << std::string(5000, 'x');
  Journal::Options options;
  options.path = path;
  auto journal = Journal::open(std::move(options));
  ASSERT_FALSE(journal);
  EXPECT_EQ(journal.error().code, Code::kCorrupt);
  EXPECT_EQ(std::filesystem::file_size(path), 5000u);
}

}  // namespace
}  // namespace bulkhead::store
