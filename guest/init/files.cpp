#include "guest/init/files.hpp"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

#include "guest/core/errors.hpp"

namespace bulkhead::guest {
namespace {

Status read_all(int fd, std::string& text, size_t limit) {
  char piece[4096];
  while (true) {
    ssize_t got = read(fd, piece, sizeof piece);
    if (got < 0) return fail_now("read");
    if (got == 0) return {};
    text.append(piece, static_cast<size_t>(got));
    if (text.size() > limit) return fail(Code::kNoSpace, "the file is too large");
  }
}

}  // namespace

Status write_kernel_file(const char* path, std::string_view value) {
  UniqueFd fd(open(path, O_WRONLY | O_CLOEXEC));
  if (!fd) return fail_now(std::string("open ") + path);
  if (write(fd.get(), value.data(), value.size()) < 0)
    return fail_now("write " + std::string(value) + " to " + path);
  return {};
}

std::string read_kernel_file(const char* path, size_t limit) {
  UniqueFd fd(open(path, O_RDONLY | O_CLOEXEC));
  std::string text;
  if (fd) (void)read_all(fd.get(), text, limit);
  return text;
}

Result<std::string> read_plain_file(const char* path, size_t limit) {
  UniqueFd fd(open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  std::string text;
  struct stat status {};
  if (!fd || fstat(fd.get(), &status) != 0 || !S_ISREG(status.st_mode)) return text;
  if (auto result = read_all(fd.get(), text, limit); !result)
    return fail(std::move(result.error()).context(path));
  return text;
}

Status make_directories(const std::string& path) {
  for (size_t end = path.find('/', 1);; end = path.find('/', end + 1)) {
    std::string part = path.substr(0, end);
    if (mkdir(part.c_str(), 0755) != 0) {
      // Whatever the reason, what counts is whether there is a directory: a link that leads nowhere
      // exists, too.
      int error = errno;
      struct stat status {};
      if (stat(part.c_str(), &status) != 0 || !S_ISDIR(status.st_mode))
        return fail_with("create directory " + part, error);
    }
    if (end == std::string::npos) return {};
  }
}

UniqueFd open_below(int dirfd, const char* path, int flags, uint64_t resolve, mode_t mode) {
  open_how how{};
  how.flags = static_cast<uint64_t>(flags | O_CLOEXEC);
  how.mode = mode;
  how.resolve = resolve;
  return UniqueFd(static_cast<int>(syscall(SYS_openat2, dirfd, path, &how, sizeof how)));
}

}  // namespace bulkhead::guest
