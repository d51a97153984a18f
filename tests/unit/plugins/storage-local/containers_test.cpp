#include "containers.hpp"

#include <gtest/gtest.h>

#include "archives.hpp"
#include "sandbox.hpp"

namespace bulkhead::storage {
namespace {

class Containers : public testing::Test {
 protected:
  Containers() {
    digest = (*box.load(
        simple_archive({Tar().file("f", "content").bytes()})))["images"][0]["descriptor"]["digest"];
  }
  Json request(const std::string& id) const {
    return {
        {"container", id}, {"digest", digest}, {"platform", kAmd64}, {"writableBytes", 128 * kMiB}};
  }

  Sandbox box;
  std::string digest;
};

TEST_F(Containers, ShareTheImagesDiskAndHaveTheirOwnWritableOne) {
  const auto a = box.call("storage.create", request("a")),
             b = box.call("storage.create", request("b"));
  ASSERT_TRUE(a && b);
  EXPECT_EQ((*a)["imageDisk"], (*b)["imageDisk"]);
  EXPECT_NE((*a)["writableDisk"], (*b)["writableDisk"]);
  EXPECT_EQ((*a)["config"]["config"]["Cmd"][0], "/bin/sh");
  EXPECT_EQ(Sandbox::check_disk((*a)["writableDisk"].get<std::string>()), "");
}

TEST_F(Containers, KeepTheirDiskWhenCreatedAgain) {
  const auto first = box.call("storage.create", request("a"));
  const Path disk = (*first)["writableDisk"].get<std::string>();
  ASSERT_TRUE(replace_file(disk, "written by the container"));
  const auto second = box.call("storage.create", request("a"));
  ASSERT_TRUE(second);
  EXPECT_EQ(*first, *second);
  EXPECT_EQ(*read_small_file(disk, kMiB), "written by the container");
}

TEST_F(Containers, AreInspectedAndDeletedTwice) {
  ASSERT_TRUE(box.call("storage.create", request("a")));
  const Json there = *box.call("storage.inspect", {{"container", "a"}});
  EXPECT_EQ(there["exists"], true);
  EXPECT_GT(there["allocated"], 0);
  EXPECT_GT((*box.call("storage.delete", {{"container", "a"}}))["reclaimed"], 0);
  EXPECT_EQ((*box.call("storage.delete", {{"container", "a"}}))["reclaimed"], 0);
  EXPECT_EQ(*box.call("storage.inspect", {{"container", "a"}}), (Json{{"exists", false}}));
}

TEST_F(Containers, LeaveNothingIfTheyCantBeMade) {
  Json wrong = request("a");
  wrong["writableBytes"] = 5;
  EXPECT_EQ(box.call("storage.create", wrong).error().code, Code::kInvalid);
  wrong = request("a");
  wrong["platform"] = kArm64;
  EXPECT_EQ(box.call("storage.create", wrong).error().code, Code::kNotFound);
  wrong = request("a");
  wrong["digest"] = Digest::of(bytes_of("?")).text();
  EXPECT_EQ(box.call("storage.create", wrong).error().code, Code::kNotFound);
  EXPECT_TRUE(list_containers(box.store()).empty());
}

TEST_F(Containers, HaveIdsThatAreFileNames) {
  for (const char* id : {"", ".", "..", "a/b", "../x", "a b", "x.tmp"}) {
    EXPECT_EQ(box.call("storage.delete", {{"container", id}}).error().code, Code::kInvalid) << id;
  }
  EXPECT_FALSE(box.call("storage.delete", {{"container", std::string(129, 'a')}}));
  EXPECT_TRUE(box.call("storage.delete", {{"container", "my-web_1.test"}}));
}

TEST_F(Containers, FindTheirImagesDiskAgainIfItWasLost) {
  const Path disk = (*box.call("storage.create", request("a")))["imageDisk"].get<std::string>();
  const std::string before = *read_small_file(disk, kGiB);
  std::filesystem::remove(disk);
  ASSERT_TRUE(box.call("storage.create", request("a")));
  EXPECT_TRUE(before == *read_small_file(disk, kGiB));
}

}  // namespace
}  // namespace bulkhead::storage
