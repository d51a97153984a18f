#include "guest/core/preface_watch.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace bulkhead::guest {
namespace {

const std::string kPreface(PrefaceWatch::kPreface);

std::string frame(const std::string& payload) {
  std::string header = {0, 0, static_cast<char>(payload.size()), 0, 0, 0, 0, 0, 1};
  return header + payload;
}

// The bytes of each session after its preface.
std::vector<std::string> sessions(const std::string& bytes, size_t piece = SIZE_MAX) {
  PrefaceWatch watch;
  std::vector<std::string> result;
  for (size_t at = 0; at < bytes.size(); at += std::min(piece, bytes.size())) {
    std::string_view rest = std::string_view(bytes).substr(at, piece);
    while (!rest.empty()) {
      if (watch.is_searching()) {
        rest.remove_prefix(watch.search(rest));
        if (watch.is_searching()) break;
        result.emplace_back();
      }
      size_t own = watch.follow(rest);
      result.back().append(rest.substr(0, own));
      rest.remove_prefix(own);
    }
  }
  return result;
}

TEST(PrefaceWatch, OneSession) {
  std::string frames = frame("") + frame("data") + frame("x");
  EXPECT_EQ(sessions(kPreface + frames), std::vector<std::string>{frames});
}

TEST(PrefaceWatch, PrefaceInsideAPayloadIsData) {
  std::string frames = frame(kPreface) + frame("x" + kPreface);
  EXPECT_EQ(sessions(kPreface + frames), std::vector<std::string>{frames});
}

TEST(PrefaceWatch, PrefaceAtAFramesBoundaryIsANewSession) {
  auto found = sessions(kPreface + frame("old") + kPreface + frame("new"));
  ASSERT_EQ(found.size(), 2u);
  EXPECT_TRUE(found[0].starts_with(frame("old")));
  EXPECT_EQ(found[1], frame("new"));
}

TEST(PrefaceWatch, WhatAFormerHostLeftIsSkipped) {
  EXPECT_EQ(sessions("tail of a frame PRI * HTTP/1" + kPreface + frame("new")),
            std::vector<std::string>{frame("new")});
  EXPECT_EQ(sessions("PRI * HTT" + kPreface + frame("new")),
            std::vector<std::string>{frame("new")});
  EXPECT_EQ(sessions("PRPPRI * HTTPRI" + kPreface), std::vector<std::string>{""});
  // The new preface begins with the last letter of what looked like one.
  EXPECT_EQ(sessions("PRI * HTTP" + kPreface.substr(1) + "x"), std::vector<std::string>{"x"});
  EXPECT_TRUE(sessions("no preface at all").empty());
}

TEST(PrefaceWatch, PiecesOfAnySizeMakeNoDifference) {
  std::string bytes =
      "rest" + kPreface + frame(kPreface) + frame("data") + kPreface + frame("more");
  for (size_t piece = 1; piece < bytes.size(); piece++) {
    auto found = sessions(bytes, piece);
    ASSERT_EQ(found.size(), 2u) << "in pieces of " << piece;
    EXPECT_EQ(found[1], frame("more"));
  }
}

}  // namespace
}  // namespace bulkhead::guest
