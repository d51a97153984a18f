#include "sparse_copy.hpp"

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace bulkhead::storage {
namespace {

Status copy_range(int from, int to, off_t begin, off_t end, std::string_view what) {
  off_t in = begin, out = begin;
  while (in < end) {
    const ssize_t n = ::copy_file_range(from, &in, to, &out, static_cast<size_t>(end - in), 0);
    if (n > 0) continue;
    if (n == 0)
      return fail(Code::kInternal, "copy " + std::string(what) + ": it became shorter meanwhile");
    if (errno == EINTR) continue;
    if (errno != EXDEV && errno != EOPNOTSUPP && errno != ENOSYS && errno != EINVAL) {
      return fail_errno("copy " + std::string(what), errno);
    }
    std::byte buffer[64 * 1024];  // file systems that can't do it themselves
    const auto want = std::min<size_t>(sizeof buffer, static_cast<size_t>(end - in));
    const ssize_t got = ::pread(from, buffer, want, in);
    if (got <= 0) return fail_errno("read " + std::string(what), got < 0 ? errno : EIO);
    if (Status written =
            write_at(to, Bytes(buffer, static_cast<size_t>(got)), static_cast<uint64_t>(out), what);
        !written) {
      return written;
    }
    in += got;
    out += got;
  }
  return {};
}

Status clone_content(int from, int to, std::string_view what) {
  if (::ioctl(to, FICLONE, from) == 0) return {};
  struct stat st {};
  if (::fstat(from, &st) != 0) return fail_errno("look at " + std::string(what), errno);
  return copy_data_segments(from, to, static_cast<uint64_t>(st.st_size), what);
}

}  // namespace

Status copy_data_segments(int from, int to, uint64_t size, std::string_view what) {
  const auto end = static_cast<off_t>(size);
  if (::ftruncate(to, end) != 0) return fail_errno("size the copy of " + std::string(what), errno);
  for (off_t at = 0; at < end;) {
    const off_t data = ::lseek(from, at, SEEK_DATA);
    if (data < 0 && errno == ENXIO) return {};  // only a hole is left
    if (data < 0) return fail_errno("find data in " + std::string(what), errno);
    const off_t hole = ::lseek(from, data, SEEK_HOLE);
    if (hole < 0) return fail_errno("find holes in " + std::string(what), errno);
    if (Status copied = copy_range(from, to, data, hole, what); !copied) return copied;
    at = hole;
  }
  return {};
}

Status clone_file(const Path& from, const Path& to) {
  Result<UniqueFd> source = open_for_reading(from);
  if (!source) return tl::unexpected(std::move(source.error()));
  const Path temporary = to.string() + ".tmp";
  Result<UniqueFd> target = create_file(temporary);
  if (!target) return tl::unexpected(std::move(target.error()));
  Status done = clone_content(source->get(), target->get(), from.string());
  if (done) done = rename_file(temporary, to);
  if (!done) ::unlink(temporary.c_str());
  return done;
}

}  // namespace bulkhead::storage
