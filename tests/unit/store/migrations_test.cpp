// Forward only, on record, and never onto a file from the future.
#include "store/migrations.hpp"

#include <sqlite3.h>

#include "store/journal_file.hpp"
#include "support.hpp"

namespace bulkhead::store {
namespace {

using namespace test;

class MigrationsTest : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(open_journal(path_)); }
  std::unique_ptr<SQLite::Database> open() {
    auto database = open_database(path_, Access::kReadWrite);
    EXPECT_TRUE(database);
    return std::move(*database);
  }
  TemporaryDirectory directory_;
  std::string path_ = directory_ / "journal.db";
};

TEST_F(MigrationsTest, ANewOneIsAppliedOnceAndRecorded) {
  std::vector<Migration> all = journal_migrations();
  all.push_back({2, "0002_colour", "ab", "CREATE TABLE colour(name TEXT) STRICT"});
  auto database = open();
  ASSERT_TRUE(migrate(*database, all, "unused", ticking_clock()));
  ASSERT_TRUE(migrate(*database, all, "unused", ticking_clock()));
  EXPECT_EQ(scalar(*database, "PRAGMA user_version"), 2);
  EXPECT_EQ(scalar(*database, "SELECT COUNT(*) FROM colour"), 0);
  auto event = open_reader(path_).event(kBirth + 1);
  ASSERT_TRUE(event && *event);
  EXPECT_EQ((*event)->type, "journal.migrated");
  EXPECT_EQ((*event)->data, (Json{{"number", 2}, {"name", "0002_colour"}, {"sha256", "ab"}}));
  EXPECT_EQ(open_reader(path_).head().value(), kBirth + 1);
}

TEST_F(MigrationsTest, AFailingOneLeavesNoTrace) {
  std::vector<Migration> all = journal_migrations();
  all.push_back({2, "0002_broken", "ab", "CREATE TABLE colour(name TEXT); SELECT nonsense()"});
  auto database = open();
  auto result = migrate(*database, all, "unused", ticking_clock());
  ASSERT_FALSE(result);
  EXPECT_NE(result.error().message.find("0002_broken"), std::string::npos);
  EXPECT_EQ(scalar(*database, "PRAGMA user_version"), 1);
  EXPECT_FALSE(database->tableExists("colour"));
}

TEST_F(MigrationsTest, AFileFromTheFutureIsOnlyRead) {
  open()->exec("PRAGMA user_version=99");
  Journal::Options options;
  options.path = path_;
  auto journal = Journal::open(std::move(options));
  ASSERT_FALSE(journal);
  EXPECT_EQ(journal.error().code, Code::kUnsupported);
  EXPECT_TRUE(open_reader(path_).page(0));
}

TEST_F(MigrationsTest, AreNumberedWithoutGaps) {
  int expected = 1;
  for (const Migration& migration : journal_migrations()) {
    EXPECT_EQ(migration.number, expected++);
    EXPECT_EQ(migration.sha256.size(), 64u);
  }
}

}  // namespace
}  // namespace bulkhead::store
