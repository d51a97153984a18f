#include "client/problem.hpp"

#include <gtest/gtest.h>

#include "command/table.hpp"

namespace bulkhead::cli {
namespace {

TEST(Problem, TakesDetailHintAndCode) {
  const Error error = problem_of(
      409,
      R"({"title": "Conflict", "detail": "it runs", "hint": "stop it", "code": 4, "status": 409})");
  EXPECT_EQ(error.message, "it runs");
  EXPECT_EQ(error.hint, "stop it");
  EXPECT_EQ(error.code, Code::kConflict);
}

TEST(Problem, MakesDoWithLess) {
  EXPECT_EQ(problem_of(404, R"({"title": "Not Found"})").message, "Not Found");
  EXPECT_EQ(problem_of(404, "<html>").code, Code::kNotFound);
  EXPECT_EQ(problem_of(500, "").message, "the service answered with status 500");
  EXPECT_EQ(problem_of(500, R"({"detail": 5, "code": "x"})").code, Code::kInternal);
}

TEST(Problem, ExitStatuses) {
  EXPECT_EQ(exit_status_of({Code::kCommandNotFound, "", ""}), 127);
  EXPECT_EQ(exit_status_of({Code::kCommandNotExecutable, "", ""}), 126);
  EXPECT_EQ(exit_status_of({kUsage, "", ""}), 64);
  EXPECT_EQ(exit_status_of({interrupted_by(2), "", ""}), 130);
  EXPECT_EQ(exit_status_of({Code::kNotFound, "", ""}), 1);
  EXPECT_EQ(exit_status_of({Code{1000}, "", ""}), 1);
  EXPECT_EQ(exit_status_of({Code{128}, "", ""}), 1);
}

}  // namespace
}  // namespace bulkhead::cli
