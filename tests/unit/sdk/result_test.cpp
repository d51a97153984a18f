#include "bulkhead/result.hpp"

#include <gtest/gtest.h>

#include <cerrno>

namespace bulkhead {
namespace {

TEST(FailErrno, SaysWhatFailedAndWhy) {
  const Failure failure = fail_errno("open /x", ENOENT);
  EXPECT_EQ(failure.value().message, "open /x: No such file or directory");
  EXPECT_EQ(failure.value().code, Code::kNotFound);
}

TEST(FailErrno, HasTheCodeThatFits) {
  const auto code = [](int value) { return fail_errno("x", value).value().code; };
  EXPECT_EQ(code(ENOSPC), Code::kNoSpace);
  EXPECT_EQ(code(EMFILE), Code::kNoSpace);
  EXPECT_EQ(code(EACCES), Code::kDenied);
  EXPECT_EQ(code(EROFS), Code::kDenied);
  EXPECT_EQ(code(EEXIST), Code::kConflict);
  EXPECT_EQ(code(EAGAIN), Code::kRetry);
  EXPECT_EQ(code(ECONNREFUSED), Code::kUnavailable);
  EXPECT_EQ(code(ETIMEDOUT), Code::kTimeout);
  EXPECT_EQ(code(ENOSYS), Code::kUnsupported);
  EXPECT_EQ(code(EFAULT), Code::kInternal);
}

TEST(Error, CollectsContextOnTheWayUp) {
  Error error =
      Error{Code::kCorrupt, "unexpected end", ""}.context("layer 2").context("load web.tar");
  EXPECT_EQ(error.message, "load web.tar: layer 2: unexpected end");
  EXPECT_EQ(error.code, Code::kCorrupt);
}

}  // namespace
}  // namespace bulkhead
