#include "ext4_format.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "bulkhead/child.hpp"
#include "ext2_error.hpp"
#include "limits.hpp"

namespace bulkhead::storage {
namespace {

constexpr const char* kFeatures =
    "ext_attr,dir_index,sparse_super2,filetype,extent,64bit,flex_bg,sparse_super,large_file,"
    "huge_file,dir_nlink,extra_isize,metadata_csum";
constexpr const char* kExtended =
    "assume_storage_prezeroed=1,packed_meta_blocks=1,num_backup_sb=0,root_owner=0:0";
constexpr uint64_t kLeastWithJournal = 16 * kMiB;

// A user's PATH often lacks the folders for the administrator.
std::string mke2fs() {
  for (const char* path : {"/usr/sbin/mke2fs", "/sbin/mke2fs"}) {
    if (::access(path, X_OK) == 0) return path;
  }
  return "mke2fs";
}

Status run_mke2fs(const Path& path, uint64_t journal_bytes) {
  Program program;
  program.arguments = {mke2fs(), "-q",  "-F", "-t", "ext4", "-b",      "4096",
                       "-I",     "256", "-m", "0",  "-E",   kExtended, "-O"};
  if (journal_bytes == 0) {
    program.arguments.push_back(std::string("none,") + kFeatures);
  } else {
    program.arguments.push_back(std::string("none,has_journal,") + kFeatures);
    program.arguments.push_back("-J");
    program.arguments.push_back("size=" + std::to_string(journal_bytes / kMiB));
  }
  program.arguments.push_back(path.string());
  const Result<Child> child = spawn(program);
  if (!child)
    return fail(Error(child.error()).context("format a disk with mke2fs (package e2fsprogs)"));
  int status = 0;
  while (::waitpid(child->pid, &status, 0) < 0) {
    if (errno != EINTR) return fail_errno("wait for mke2fs", errno);
  }
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return {};
  const std::string how = WIFEXITED(status)
                              ? "exited with status " + std::to_string(WEXITSTATUS(status))
                              : "was killed by signal " + std::to_string(WTERMSIG(status));
  return fail(Code::kInternal, "format a disk: mke2fs " + how);
}

Status finish(const Path& path, const std::function<errcode_t(ext2_filsys)>& change) {
  ext2_filsys fs = nullptr;
  errcode_t error =
      ext2fs_open(path.c_str(), EXT2_FLAG_RW | EXT2_FLAG_64BITS, 0, 0, unix_io_manager, &fs);
  if (error != 0) return fail_ext2("open the new disk " + path.string(), error);
  error = ext2fs_read_bitmaps(fs);
  if (error == 0) error = change(fs);
  if (error != 0) {
    ext2fs_free(fs);
    return fail_ext2("prepare the new disk " + path.string(), error);
  }
  error = ext2fs_close(fs);
  if (error != 0) return fail_ext2("close the new disk " + path.string(), error);
  return {};
}

}  // namespace

uint64_t fitting_journal(uint64_t bytes) {
  if (bytes < kLeastWithJournal) return 0;
  return std::clamp(bytes / 64 / kMiB * kMiB, kLeastJournalBytes, 64 * kMiB);
}

Status make_ext4(const Path& path, const Ext4Format& format) {
  const Path temporary = path.string() + ".tmp";
  Result<UniqueFd> file = create_file(temporary);
  if (!file) return tl::unexpected(std::move(file.error()));
  Status done;
  if (::ftruncate(file->get(), static_cast<off_t>(format.bytes)) != 0)
    done = fail_errno("size " + temporary.string(), errno);
  if (done) done = run_mke2fs(temporary, format.journal_bytes);
  if (done) done = finish(temporary, format.finish);
  if (done) done = sync_file(file->get(), temporary.string());
  if (done) done = rename_file(temporary, path);
  if (!done) ::unlink(temporary.c_str());
  return done;
}

}  // namespace bulkhead::storage
