// Append-only, tried: statements that a bug, a curious user or a migration gone wrong might send at
// the file. Each runs on a plain connection with SQLite's default settings, which knows none of the
// writer's pragmas, and must be refused.
#include <sqlite3.h>

#include "store/verify.hpp"
#include "support.hpp"

namespace bulkhead::store {
namespace {

using namespace test;

struct Attack {
  const char* name;
  const char* sql;
};

class AttackTest : public ::testing::TestWithParam<Attack> {
 protected:
  void SetUp() override {
    auto journal = open_journal(path_);
    auto intent = journal->append_sync(one(model::intent("container/web", "container.start", {})));
    ASSERT_TRUE(intent);
    ASSERT_TRUE(journal->append_sync(one(note("test/a"))));
  }
  // The error's text, or "" if the statement went through.
  std::string run(const std::string& sql) {
    sqlite3* database = nullptr;
    sqlite3_open(path_.c_str(), &database);
    char* error = nullptr;
    std::string text;
    if (sqlite3_exec(database, sql.c_str(), nullptr, nullptr, &error) != SQLITE_OK) text = error;
    sqlite3_free(error);
    sqlite3_close(database);
    return text;
  }
  TemporaryDirectory directory_;
  std::string path_ = directory_ / "journal.db";
};

constexpr const char* kColumns =
    "INTO event(seq,at,mono,stream,ver,type,rev,phase,op,cause,root,actor,data,leaf) ";

TEST_P(AttackTest, IsRefused) {
  std::string sql = GetParam().sql;
  if (size_t at = sql.find("$INTO"); at != std::string::npos) sql.replace(at, 5, kColumns);
  EXPECT_NE(run(sql), "") << sql;
  auto result = verify(open_reader(path_));
  ASSERT_TRUE(result);
  EXPECT_TRUE(result->ok()) << result->problems.front();
  EXPECT_EQ(result->events, kBirth + 2);
}

INSTANTIATE_TEST_SUITE_P(
    Statements, AttackTest,
    ::testing::Values(
        Attack{"Update", "UPDATE event SET data='{}' WHERE seq=1"},
        Attack{"UpdateSeq", "UPDATE event SET seq=seq+100"},
        Attack{"Delete", "DELETE FROM event WHERE seq=2"}, Attack{"DeleteAll", "DELETE FROM event"},
        Attack{"Replace",
               "INSERT OR REPLACE $INTO SELECT seq,at,mono,stream,ver,'forged',rev,phase,op,cause,"
               "root,actor,data,leaf FROM event WHERE seq=2"},
        Attack{"ReplaceByStreamVersion",
               "INSERT OR REPLACE $INTO SELECT 5,at,mono,stream,ver,type,rev,phase,op,cause,root,"
               "actor,data,leaf FROM event WHERE seq=4"},
        Attack{"Upsert",
               "INSERT $INTO SELECT seq,at,mono,stream,ver,type,rev,phase,op,cause,root,actor,data,"
               "leaf FROM event WHERE seq=2 ON CONFLICT(seq) DO UPDATE SET type='forged'"},
        Attack{
            "Gap",
            "INSERT $INTO SELECT seq+100,at,mono,stream,ver+1,type,rev,phase,op,cause,root,actor,"
            "data,leaf FROM event WHERE seq=4"},
        Attack{"SkippedVersion",
               "INSERT $INTO SELECT 5,at,mono,stream,ver+2,type,rev,phase,op,cause,root,actor,data,"
               "leaf FROM event WHERE seq=4"},
        Attack{"Before",
               "INSERT $INTO SELECT 0,at,mono,'test/z',1,type,rev,phase,op,cause,0,actor,data,leaf "
               "FROM event WHERE seq=4"},
        Attack{"OutcomeWithoutIntent",
               "INSERT $INTO SELECT 5,at,mono,stream,ver+1,type,rev,2,4,cause,root,actor,data,leaf "
               "FROM event WHERE seq=4"},
        Attack{
            "CauseFromTheFuture",
            "INSERT $INTO SELECT 5,at,mono,stream,ver+1,type,rev,phase,op,9,root,actor,data,leaf "
            "FROM event WHERE seq=4"},
        Attack{"DataThatIsNoObject",
               "INSERT $INTO SELECT 5,at,mono,stream,ver+1,type,rev,phase,op,cause,root,actor,'[]',"
               "leaf FROM event WHERE seq=4"},
        Attack{"LeafOfAnotherLength",
               "INSERT $INTO SELECT 5,at,mono,stream,ver+1,type,rev,phase,op,cause,root,actor,data,"
               "x'00' FROM event WHERE seq=4"}),
    [](const auto& attack) { return std::string(attack.param.name); });

class TamperTest : public AttackTest {
 protected:
  std::vector<std::string> problems_after(const std::string& sql) {
    EXPECT_EQ(run("DROP TRIGGER event_no_update; DROP TRIGGER event_no_delete;"
                  "DROP TRIGGER event_dense;" +
                  sql),
              "");
    auto result = verify(open_reader(path_));
    EXPECT_TRUE(result);
    return result->problems;
  }
};

// Whoever owns the file can drop the triggers. A tool that then changes a row, but not its hash, is
// noticed.
TEST_F(TamperTest, ChangedDataIsFound) {
  EXPECT_FALSE(problems_after("UPDATE event SET data='{\"number\":1}' WHERE seq=4").empty());
}
TEST_F(TamperTest, ChangedActorIsFound) {
  EXPECT_FALSE(problems_after("UPDATE event SET actor='{\"uid\":0}' WHERE seq=4").empty());
}
TEST_F(TamperTest, ChangedTimeIsFound) {
  EXPECT_FALSE(problems_after("UPDATE event SET at=at+1 WHERE seq=4").empty());
}
TEST_F(TamperTest, RemovedRowIsFound) {
  EXPECT_FALSE(problems_after("DELETE FROM event WHERE seq=2").empty());
}
TEST_F(TamperTest, CheckpointBeyondTheEndIsFound) {
  EXPECT_FALSE(problems_after("INSERT INTO checkpoint VALUES(99, zeroblob(32), 0, '')").empty());
}
TEST_F(TamperTest, ADamagedTailStopsTheOpening) {
  problems_after("UPDATE event SET type='forged' WHERE seq=4");
  Journal::Options options;
  options.path = path_;
  auto journal = Journal::open(std::move(options));
  ASSERT_FALSE(journal);
  EXPECT_EQ(journal.error().code, Code::kCorrupt);
}

}  // namespace
}  // namespace bulkhead::store
