#include "private_file.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>

#include "secret.hpp"

namespace bulkhead::registry {
namespace {

Status read_rest(int fd, std::string& to, const std::string& path, size_t limit) {
  // One piece of memory from the start: a text that grows leaves copies of itself behind.
  to.resize(limit + 1);
  size_t size = 0;
  while (size < to.size()) {
    const ssize_t n = ::read(fd, to.data() + size, to.size() - size);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return fail_errno("read " + path, errno);
    if (n == 0) break;
    size += static_cast<size_t>(n);
  }
  to.resize(size);
  if (size <= limit) return {};
  return fail(Code::kCorrupt, path + " is larger than " + std::to_string(limit) + " bytes");
}

Status check_private(int fd, const std::string& path) {
  struct stat st {};
  if (::fstat(fd, &st) != 0) return fail_errno("look at " + path, errno);
  if (st.st_uid != ::geteuid()) {
    return fail(Code::kDenied,
                path + " belongs to user " + std::to_string(st.st_uid) + ", not to the service's",
                "change its owner, or remove it and log in again");
  }
  if ((st.st_mode & 077) == 0) return {};
  return fail(Code::kDenied, path + " may be read or written by other users",
              std::string("if nobody did: chmod ") + (S_ISDIR(st.st_mode) ? "700 " : "600 ") +
                  path + "; else remove it, log in again and change the passwords");
}

Result<std::optional<std::string>> read_checked(const std::string& path, size_t limit,
                                                bool is_private) {
  // Non-blocking, so that a pipe in the file's place can't hold us.
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!fd && (errno == ENOENT || errno == ENOTDIR)) return std::optional<std::string>();
  if (!fd) return fail_errno("open " + path, errno);
  if (is_private) {
    if (auto ours = check_private(fd.get(), path); !ours) return fail(std::move(ours.error()));
  }
  std::string content;
  auto read = read_rest(fd.get(), content, path, limit);
  if (read) return std::optional<std::string>(std::move(content));
  wipe(content);
  return fail(std::move(read.error()));
}

Status write_all(int fd, std::string_view content, const std::string& path) {
  while (!content.empty()) {
    const ssize_t n = ::write(fd, content.data(), content.size());
    if (n < 0 && errno != EINTR) return fail_errno("write " + path, errno);
    if (n > 0) content.remove_prefix(static_cast<size_t>(n));
  }
  if (::fsync(fd) != 0) return fail_errno("sync " + path, errno);
  return {};
}

Status write_new(const std::string& path, std::string_view content) {
  ::unlink(path.c_str());  // of a write that a crash ended
  const UniqueFd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!fd) return fail_errno("create " + path, errno);
  return write_all(fd.get(), content, path);
}

Status sync_directory_of(const std::string& path) {
  const std::string directory = std::filesystem::path(path).parent_path().string();
  const UniqueFd fd(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd || ::fsync(fd.get()) != 0) return fail_errno("sync " + directory, errno);
  return {};
}

}  // namespace

Result<std::optional<std::string>> read_file(const std::string& path, size_t limit) {
  return read_checked(path, limit, false);
}

Result<std::optional<std::string>> read_private_file(const std::string& path, size_t limit) {
  return read_checked(path, limit, true);
}

Status replace_private_file(const std::string& path, std::string_view content) {
  const std::string temporary = path + ".tmp";
  Status done = write_new(temporary, content);
  if (done && ::rename(temporary.c_str(), path.c_str()) != 0) {
    done = fail_errno("rename " + temporary + " to " + path, errno);
  }
  if (done) return sync_directory_of(path);
  ::unlink(temporary.c_str());
  return done;
}

Result<UniqueFd> lock_private_directory(const std::string& path) {
  if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) {
    return fail_errno("create folder " + path, errno);
  }
  UniqueFd fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd) return fail_errno("open folder " + path, errno);
  if (auto ours = check_private(fd.get(), path); !ours) return fail(std::move(ours.error()));
  while (::flock(fd.get(), LOCK_EX) != 0) {
    if (errno != EINTR) return fail_errno("lock folder " + path, errno);
  }
  return fd;
}

}  // namespace bulkhead::registry
