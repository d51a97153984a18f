#include "writable_disk.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>

#include "bulkhead/child.hpp"
#include "ext2_error.hpp"
#include "sparse_copy.hpp"

namespace bulkhead::storage {
namespace {

constexpr const char* kFeatures =
    "none,has_journal,ext_attr,dir_index,sparse_super2,filetype,extent,64bit,flex_bg,sparse_super,"
    "large_file,huge_file,"
    "dir_nlink,extra_isize,metadata_csum";
constexpr const char* kExtended =
    "assume_storage_prezeroed=1,packed_meta_blocks=1,num_backup_sb=0,root_owner=0:0";

// A user's PATH often lacks the folders for the administrator.
std::string mke2fs() {
  for (const char* path : {"/usr/sbin/mke2fs", "/sbin/mke2fs"}) {
    if (::access(path, X_OK) == 0) return path;
  }
  return "mke2fs";
}

Status format(const Path& path, uint64_t bytes) {
  // Large enough that a busy database doesn't wait for it, small enough that the host doesn't
  // notice: it fills up.
  const uint64_t journal_mib = std::clamp<uint64_t>((bytes / 64) / kMiB, 4, 64);
  Program program;
  program.arguments = {mke2fs(),
                       "-q",
                       "-F",
                       "-t",
                       "ext4",
                       "-b",
                       "4096",
                       "-I",
                       "256",
                       "-m",
                       "0",
                       "-O",
                       kFeatures,
                       "-E",
                       kExtended,
                       "-J",
                       "size=" + std::to_string(journal_mib),
                       path.string()};
  const Result<Child> child = spawn(program);
  if (!child)
    return fail(
        Error(child.error()).context("format a writable disk with mke2fs (package e2fsprogs)"));
  int status = 0;
  while (::waitpid(child->pid, &status, 0) < 0) {
    if (errno != EINTR) return fail_errno("wait for mke2fs", errno);
  }
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return {};
  const std::string how = WIFEXITED(status)
                              ? "exited with status " + std::to_string(WEXITSTATUS(status))
                              : "was killed by signal " + std::to_string(WTERMSIG(status));
  return fail(Code::kInternal, "format a writable disk: mke2fs " + how);
}

// By libext2fs, since `mke2fs -d` would give the folders the ids of whoever runs the service.
Status add_folders(const Path& path) {
  ext2_filsys fs = nullptr;
  errcode_t error =
      ext2fs_open(path.c_str(), EXT2_FLAG_RW | EXT2_FLAG_64BITS, 0, 0, unix_io_manager, &fs);
  if (error != 0) return fail_ext2("open the new disk " + path.string(), error);
  error = ext2fs_read_bitmaps(fs);
  for (const char* folder : {"upper", "work"}) {
    if (error == 0) error = ext2fs_mkdir(fs, EXT2_ROOT_INO, 0, folder);
  }
  if (error != 0) {
    ext2fs_free(fs);
    return fail_ext2("make folders in the new disk " + path.string(), error);
  }
  error = ext2fs_close(fs);
  if (error != 0) return fail_ext2("close the new disk " + path.string(), error);
  return {};
}

Status make_template(const Path& path, uint64_t bytes) {
  const Path temporary = path.string() + ".tmp";
  Result<UniqueFd> file = create_file(temporary);
  if (!file) return tl::unexpected(std::move(file.error()));
  Status done;
  if (::ftruncate(file->get(), static_cast<off_t>(bytes)) != 0)
    done = fail_errno("size " + temporary.string(), errno);
  if (done) done = format(temporary, bytes);
  if (done) done = add_folders(temporary);
  if (done) done = sync_file(file->get(), temporary.string());
  if (done) done = rename_file(temporary, path);
  if (!done) ::unlink(temporary.c_str());
  return done;
}

}  // namespace

Status make_writable_disk(const Layout& layout, uint64_t bytes, const Path& path) {
  if (bytes < kLeastWritableBytes || bytes > kMostWritableBytes) {
    return fail(Code::kInvalid, "a writable disk has between 64 MiB and 16 TiB, not " +
                                    std::to_string(bytes) + " bytes");
  }
  bytes = bytes / kMiB * kMiB;
  const Path formatted = layout.templates() / (std::to_string(bytes) + ".ext4");
  if (::access(formatted.c_str(), R_OK) != 0) {
    if (Status made = make_template(formatted, bytes); !made) return made;
  }
  return clone_file(formatted, path);
}

}  // namespace bulkhead::storage
