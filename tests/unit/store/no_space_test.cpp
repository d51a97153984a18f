// A full disk: the command gets a sentence it can act on, nothing half-written stays, and when
// there is room again the journal goes on as if nothing had been.
#include <gmock/gmock.h>
#include <sys/resource.h>

#include <csignal>

#include "store/verify.hpp"
#include "support.hpp"

namespace bulkhead::store {
namespace {

using namespace test;

NewEvent bulky(int number) {
  NewEvent event = note("test/a", number);
  event.data["text"] = std::string(20'000, 'x');
  return event;
}

TEST(NoSpaceTest, ALimitOfPagesIsReportedAndSurvived) {
  TemporaryDirectory directory;
  std::string path = directory / "journal.db";
  auto journal = open_journal(path, 60);
  Seq stored = kBirth;
  std::optional<Error> error;
  for (int i = 0; i < 100 && !error; i++) {
    auto result = journal->append_sync({bulky(i), bulky(i)});
    if (result)
      stored += 2;
    else
      error = result.error();
  }
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code, Code::kNoSpace);
  EXPECT_THAT(error->message, ::testing::HasSubstr("full"));
  EXPECT_FALSE(error->hint.empty());
  EXPECT_EQ(open_reader(path).head().value(), stored);
  EXPECT_TRUE(verify(open_reader(path))->ok());

  journal.reset();
  journal = open_journal(path);  // without the limit: room was made
  auto next = journal->append_sync(one(bulky(0)));
  ASSERT_TRUE(next) << next.error().message;
  EXPECT_EQ(next->front().seq, stored + 1);
}

// The file system says no in the middle of a write (EFBIG by RLIMIT_FSIZE stands for ENOSPC, which
// needs root to arrange).
TEST(NoSpaceTest, AFailingWriteLeavesTheSameJournalUsable) {
  TemporaryDirectory directory;
  std::string path = directory / "journal.db";
  auto journal = open_journal(path);
  ASSERT_TRUE(journal->append_sync(one(note("test/a"))));

  std::signal(SIGXFSZ, SIG_IGN);
  rlimit before{};
  ::getrlimit(RLIMIT_FSIZE, &before);
  rlimit small = before;
  small.rlim_cur = std::filesystem::file_size(path + "-wal") + 100'000;
  ::setrlimit(RLIMIT_FSIZE, &small);
  int refused = 0;
  Seq stored = journal->head();
  for (int i = 0; i < 40; i++) {
    auto result = journal->append_sync({bulky(i), note("test/b")});
    if (result) {
      stored += 2;
    } else {
      refused++;
      EXPECT_EQ(result.error().code, Code::kNoSpace) << result.error().message;
    }
  }
  ::setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, SIG_DFL);

  EXPECT_GT(refused, 0);
  auto next = journal->append_sync(one(bulky(0)));
  ASSERT_TRUE(next) << next.error().message;
  EXPECT_EQ(next->front().seq, stored + 1);
  EXPECT_TRUE(verify(open_reader(path))->ok());
}

}  // namespace
}  // namespace bulkhead::store
