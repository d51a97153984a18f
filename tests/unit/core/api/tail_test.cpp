#include "core/api/tail.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace bulkhead::api {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(Tail, KeepsTheLastLines) {
  Tail tail(2);
  for (const char* line : {"a", "b", "c"}) tail.add({}, line);
  EXPECT_THAT(tail.take(), ElementsAre("b", "c"));
}

// A line that was too long for one record comes in several.
TEST(Tail, PiecesOfOneLineAreOneLine) {
  Tail tail(2);
  tail.add({1, true}, "first");
  tail.add({1, false}, "sec");
  tail.add({1, false}, "o");
  tail.add({1, true}, "nd");
  tail.add({1, true}, "third");
  EXPECT_THAT(tail.take(), ElementsAre("sec", "o", "nd", "third"));
}

TEST(Tail, StreamsInterleave) {
  Tail tail(1);
  tail.add({1, false}, "out-");
  tail.add({2, true}, "err");
  tail.add({1, true}, "out");
  EXPECT_THAT(tail.take(), ElementsAre("out-", "out"));
}

TEST(Tail, ALineWithoutItsEndIsALine) {
  Tail tail(1);
  tail.add({1, true}, "whole");
  tail.add({1, false}, "begun");
  EXPECT_THAT(tail.take(), ElementsAre("begun"));
}

TEST(Tail, OfNothingIsNothing) {
  Tail tail(0);
  tail.add({1, true}, "whole");
  tail.add({1, false}, "begun");
  EXPECT_THAT(tail.take(), IsEmpty());
}

}  // namespace
}  // namespace bulkhead::api
