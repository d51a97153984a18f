#include "file_io.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace bulkhead::storage {

Result<UniqueFd> open_for_reading(const Path& path) {
  UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return fail_errno("open " + path.string(), errno);
  return fd;
}

Result<UniqueFd> create_file(const Path& path) {
  UniqueFd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  if (!fd) return fail_errno("create " + path.string(), errno);
  return fd;
}

Status write_all(int fd, Bytes bytes, std::string_view what) {
  while (!bytes.empty()) {
    const ssize_t n = ::write(fd, bytes.data(), bytes.size());
    if (n >= 0) {
      bytes = bytes.subspan(static_cast<size_t>(n));
    } else if (errno == EAGAIN) {
      pollfd waiting{fd, POLLOUT, 0};
      ::poll(&waiting, 1, -1);
    } else if (errno != EINTR) {
      return fail_errno("write " + std::string(what), errno);
    }
  }
  return {};
}

Status write_at(int fd, Bytes bytes, uint64_t offset, std::string_view what) {
  while (!bytes.empty()) {
    const ssize_t n = ::pwrite(fd, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (n >= 0) {
      bytes = bytes.subspan(static_cast<size_t>(n));
      offset += static_cast<uint64_t>(n);
    } else if (errno != EINTR) {
      return fail_errno("write " + std::string(what), errno);
    }
  }
  return {};
}

Status sync_file(int fd, std::string_view what) {
  if (::fdatasync(fd) != 0) return fail_errno("sync " + std::string(what), errno);
  return {};
}

Status sync_directory(const Path& directory) {
  UniqueFd fd(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd) return fail_errno("open " + directory.string(), errno);
  if (::fsync(fd.get()) != 0) return fail_errno("sync " + directory.string(), errno);
  return {};
}

Result<std::string> read_small_file(const Path& path, uint64_t limit) {
  Result<UniqueFd> fd = open_for_reading(path);
  if (!fd) return tl::unexpected(std::move(fd.error()));
  std::string content;
  char chunk[16384];
  for (;;) {
    const ssize_t n = ::read(fd->get(), chunk, sizeof chunk);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return fail_errno("read " + path.string(), errno);
    if (n == 0) return content;
    content.append(chunk, static_cast<size_t>(n));
    if (content.size() > limit) {
      return fail(Code::kCorrupt,
                  path.string() + " is larger than " + std::to_string(limit) + " bytes");
    }
  }
}

Status replace_file(const Path& path, std::string_view content) {
  const Path temporary = path.string() + ".tmp";
  Result<UniqueFd> fd = create_file(temporary);
  if (!fd) return tl::unexpected(std::move(fd.error()));
  Status done = write_all(fd->get(), bytes_of(content), temporary.string());
  if (done) done = sync_file(fd->get(), temporary.string());
  if (done) done = rename_file(temporary, path);
  if (done) return sync_directory(path.parent_path());
  ::unlink(temporary.c_str());
  return done;
}

Status make_directories(const Path& path) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  if (error) return fail_errno("create folder " + path.string(), error.value());
  return {};
}

Status rename_file(const Path& from, const Path& to) {
  if (::rename(from.c_str(), to.c_str()) == 0) return {};
  return fail_errno("rename " + from.string() + " to " + to.string(), errno);
}

uint64_t remove_tree(const Path& path) {
  const uint64_t bytes = allocated_bytes(path);
  std::error_code ignored;
  std::filesystem::remove_all(path, ignored);
  return bytes;
}

uint64_t size_of_file(const Path& path) {
  struct stat st {};
  return ::stat(path.c_str(), &st) == 0 ? static_cast<uint64_t>(st.st_size) : 0;
}

uint64_t allocated_bytes(const Path& path) {
  struct stat st {};
  if (::lstat(path.c_str(), &st) != 0) return 0;
  uint64_t bytes = static_cast<uint64_t>(st.st_blocks) * 512;
  if (!S_ISDIR(st.st_mode)) return bytes;
  std::error_code error;
  for (std::filesystem::directory_iterator it(path, error), end; !error && it != end;
       it.increment(error)) {
    bytes += allocated_bytes(it->path());
  }
  return bytes;
}

Status check_free_space(int fd, uint64_t reserve, std::string_view what, uint64_t needed) {
  struct statvfs st {};
  if (::fstatvfs(fd, &st) != 0)
    return fail_errno("ask for free space for " + std::string(what), errno);
  const uint64_t free_bytes = static_cast<uint64_t>(st.f_bavail) * st.f_frsize;
  if (free_bytes >= reserve && free_bytes - reserve >= needed) return {};
  const std::string missing =
      needed > 0 ? "it needs " + std::to_string((needed >> 20) + 1) + " MiB more, " : "";
  return fail(Code::kNoSpace,
              "no space for " + std::string(what) + ": " + missing + "the disk has " +
                  std::to_string(free_bytes >> 20) + " MiB left, and " +
                  std::to_string(reserve >> 20) + " MiB are kept for the service",
              "remove what isn't needed, for instance with 'container image prune'");
}

}  // namespace bulkhead::storage
