#include "digest.hpp"

#include <gtest/gtest.h>

namespace bulkhead::storage {
namespace {

TEST(Digest, IsSha256) {
  EXPECT_EQ(Digest::of(bytes_of("abc")).text(),
            "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  Sha256 hash;
  hash.update(bytes_of("a"));
  hash.update(bytes_of(""));
  hash.update(bytes_of("bc"));
  EXPECT_EQ(hash.finish(), Digest::of(bytes_of("abc")));
}

TEST(Digest, ParsesOnlyWhatMayBeAFileName) {
  const std::string hex(64, 'a');
  EXPECT_EQ(Digest::parse("sha256:" + hex)->hex(), hex);
  EXPECT_EQ(Digest::parse("sha512:" + hex + hex).error().code, Code::kUnsupported);
  for (const std::string& wrong :
       {std::string("sha256:../../etc/passwd"), "sha256:" + std::string(64, 'A'),
        "sha256:" + hex + "0", std::string("sha256:"), "sha256:" + std::string(63, 'a') + "/"}) {
    EXPECT_EQ(Digest::parse(wrong).error().code, Code::kCorrupt) << wrong;
  }
}

}  // namespace
}  // namespace bulkhead::storage
