#include "core/engine/kernel_file.hpp"

#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace bulkhead::engine {
namespace {

// The first bytes of a 64-bit x86 executable, which is all that is looked at.
std::string elf() {
  std::string head(64, '\0');
  head.replace(0, 4,
               "\x7f"
               "ELF");
  head[4] = 2;
  head[16] = 2;
  head[18] = 62;
  return head + "kernel";
}

TEST(WhyNoKernel, KnowsKernelsFromOtherFiles) {
  EXPECT_EQ(why_no_kernel(elf(), "amd64"), "");
  std::string bzimage(1024, '\0');
  bzimage.replace(0x202, 4, "HdrS");
  EXPECT_EQ(why_no_kernel(bzimage, "amd64"), "");
  std::string shared = elf();
  shared[16] = 3;
  for (const std::string& other : {std::string(), std::string("#!/bin/sh\n"),
                                   std::string("\x7f"
                                               "ELF"),
                                   shared})
    EXPECT_NE(why_no_kernel(other, "amd64"), "") << other;
  EXPECT_NE(why_no_kernel(elf(), "arm64"), "");
}

class InstallKernel : public testing::Test {
 protected:
  InstallKernel() {
    char name[] = "/tmp/kernel_file_test.XXXXXX";
    directory_ = mkdtemp(name);
    std::filesystem::create_directory(directory_ + "/kernels");
  }
  ~InstallKernel() override { std::filesystem::remove_all(directory_); }
  UniqueFd file(const std::string& content) {
    std::ofstream(directory_ + "/source") << content;
    return UniqueFd(open((directory_ + "/source").c_str(), O_RDONLY | O_CLOEXEC));
  }
  size_t installed() {
    return static_cast<size_t>(
        std::distance(std::filesystem::directory_iterator(directory_ + "/kernels"), {}));
  }
  UniqueFd tar(const std::vector<std::pair<std::string, std::string>>& members) {
    archive* writer = archive_write_new();
    archive_write_set_format_pax(writer);
    archive_write_open_filename(writer, (directory_ + "/source").c_str());
    for (const auto& [name, content] : members) {
      archive_entry* entry = archive_entry_new();
      archive_entry_set_pathname(entry, name.c_str());
      bool link = content.starts_with("-> ");
      archive_entry_set_filetype(entry, link ? AE_IFLNK : AE_IFREG);
      if (link) archive_entry_set_symlink(entry, content.c_str() + 3);
      archive_entry_set_size(entry, link ? 0 : static_cast<int64_t>(content.size()));
      archive_entry_set_perm(entry, 0644);
      archive_write_header(writer, entry);
      if (!link) archive_write_data(writer, content.data(), content.size());
      archive_entry_free(entry);
    }
    archive_write_free(writer);
    return UniqueFd(open((directory_ + "/source").c_str(), O_RDONLY | O_CLOEXEC));
  }
  KernelOrder order(const std::string& expected = "") {
    return {directory_ + "/kernels", "mine", "amd64", expected};
  }
  std::string directory_;
};

TEST_F(InstallKernel, TakesAKernelAndSaysItsDigest) {
  auto kernel = install_kernel(file(elf()), order());
  ASSERT_TRUE(kernel) << kernel.error().message;
  EXPECT_EQ(std::filesystem::file_size(kernel->path), elf().size());
  auto again = install_kernel(file(elf()), order(kernel->digest));
  EXPECT_TRUE(again);
}

TEST_F(InstallKernel, LeavesNothingOfWhatItRefuses) {
  EXPECT_FALSE(install_kernel(file("no kernel"), order()));
  EXPECT_FALSE(install_kernel(file(elf()), order("sha256:00")));
  EXPECT_EQ(installed(), 0u);
}

TEST_F(InstallKernel, FindsAMemberOfATarThroughALink) {
  auto source = tar({{"opt/vmlinux", "-> vmlinux-6.1"}, {"opt/vmlinux-6.1", elf()}});
  auto kernel = install_kernel_from_tar(source, "opt/vmlinux", order());
  ASSERT_TRUE(kernel) << kernel.error().message;
  EXPECT_EQ(std::filesystem::file_size(kernel->path), elf().size());
  EXPECT_EQ(install_kernel_from_tar(source, "opt/other", order()).error().code, Code::kNotFound);
  EXPECT_EQ(installed(), 1u);
}

TEST_F(InstallKernel, LinksThatGoRoundInCirclesEnd) {
  auto source = tar({{"a", "-> b"}, {"b", "-> a"}});
  EXPECT_FALSE(install_kernel_from_tar(source, "a", order()));
}

}  // namespace
}  // namespace bulkhead::engine
