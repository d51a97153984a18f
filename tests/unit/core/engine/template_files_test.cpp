#include "core/engine/template_files.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <fstream>

namespace bulkhead::engine {
namespace {

constexpr uint64_t kRam = 64 << 20;
constexpr off_t kFar = 40 << 20;

class TemplateFilesTest : public testing::Test {
 protected:
  TemplateFilesTest() {
    char name[] = "/tmp/template_files_test.XXXXXX";
    root_ = mkdtemp(name);
    place_ = root_ + "/key";
  }
  ~TemplateFilesTest() override { std::filesystem::remove_all(root_); }

  static void put(const UniqueFd& fd, std::string_view text, off_t at) {
    ASSERT_EQ(pwrite(fd.get(), text.data(), text.size(), at), static_cast<ssize_t>(text.size()));
  }
  static std::string get(const UniqueFd& fd, size_t size, off_t at) {
    std::string text(size, '?');
    const ssize_t got = pread(fd.get(), text.data(), size, at);
    text.resize(got < 0 ? 0 : static_cast<size_t>(got));
    return text;
  }
  TemplateFiles made() {
    auto files = make_template_files(kRam);
    EXPECT_TRUE(files) << files.error().message;
    put(files->ram, "kernel", 4096);
    put(files->ram, "far away", kFar);
    put(files->state, "devices", 0);
    return std::move(*files);
  }
  StoredTemplate stored(const TemplateFiles& files) {
    auto result = store_template(files, place_);
    EXPECT_TRUE(result) << result.error().message;
    return *result;
  }
  void spoil(const std::string& file, off_t at) {
    std::fstream stream(place_ + "/" + file, std::ios::in | std::ios::out | std::ios::binary);
    stream.seekp(at);
    stream.put('X');
  }

  std::string root_, place_;
};

TEST_F(TemplateFilesTest, ComesBackAsItWas) {
  const StoredTemplate known = stored(made());
  auto loaded = load_template(place_, known);
  ASSERT_TRUE(loaded) << loaded.error().message;
  EXPECT_EQ(get(loaded->ram, 6, 4096), "kernel");
  EXPECT_EQ(get(loaded->ram, 8, kFar), "far away");
  EXPECT_EQ(get(loaded->state, 100, 0), "devices");
  struct stat info {};
  fstat(loaded->ram.get(), &info);
  EXPECT_EQ(static_cast<uint64_t>(info.st_size), kRam);
}

TEST_F(TemplateFilesTest, EmptyMemoryTakesNoSpace) {
  const StoredTemplate known = stored(made());
  EXPECT_LT(known.bytes, 1 << 20);
  auto loaded = load_template(place_, known);
  ASSERT_TRUE(loaded);
  struct stat info {};
  fstat(loaded->ram.get(), &info);
  EXPECT_LT(info.st_blocks * 512, 1 << 20);
}

TEST_F(TemplateFilesTest, HolesDontMatterToTheDigest) {
  TemplateFiles filled = made();
  put(filled.ram, std::string(8192, '\0'), 1 << 20);
  const StoredTemplate one = stored(filled);
  EXPECT_EQ(stored(made()).ram_digest, one.ram_digest);
}

TEST_F(TemplateFilesTest, WhatIsUsedCantBeChanged) {
  const TemplateFiles files = made();
  const StoredTemplate known = stored(files);
  auto loaded = load_template(place_, known);
  ASSERT_TRUE(loaded);
  for (const UniqueFd* fd : {&files.ram, &loaded->ram, &loaded->state}) {
    EXPECT_EQ(pwrite(fd->get(), "x", 1, 4096), -1);
    EXPECT_EQ(errno, EPERM);
    EXPECT_EQ(ftruncate(fd->get(), 1), -1);
    EXPECT_EQ(fallocate(fd->get(), FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, 8192), -1);
    EXPECT_EQ(mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd->get(), 0), MAP_FAILED);
  }
}

TEST_F(TemplateFilesTest, AChangeOnDiskIsSeen) {
  const StoredTemplate known = stored(made());
  for (const auto& [file, at] : {std::pair<const char*, off_t>{"ram", kFar},
                                 {"ram", 20 << 20},  // where there was nothing
                                 {"state", 0}}) {
    stored(made());
    spoil(file, at);
    auto loaded = load_template(place_, known);
    ASSERT_FALSE(loaded) << file << " " << at;
    EXPECT_EQ(loaded.error().code, Code::kCorrupt);
    EXPECT_EQ(loaded.error().message, place_ + "/" + file + " isn't what it was");
  }
}

TEST_F(TemplateFilesTest, AFileThatIsGoneOrShorterIsSeen) {
  const StoredTemplate known = stored(made());
  std::filesystem::resize_file(place_ + "/ram", kRam / 2);
  EXPECT_FALSE(load_template(place_, known));
  std::filesystem::remove(place_ + "/ram");
  EXPECT_FALSE(load_template(place_, known));
}

TEST_F(TemplateFilesTest, NothingHalfIsLeftBehind) {
  std::ofstream(root_ + "/file") << "not a folder";
  place_ = root_ + "/file/key";
  EXPECT_FALSE(store_template(made(), place_));
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(root_), {}), 1);
}

}  // namespace
}  // namespace bulkhead::engine
