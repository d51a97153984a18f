#include "io/files.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

namespace bulkhead::cli {

namespace {

constexpr size_t kLargestFile = 16UL << 20;

}  // namespace

Result<std::string> read_file(const std::string& path) {
  const UniqueFd file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) return fail_errno("open " + path, errno);
  return read_to_end(file.get(), path);
}

Result<std::string> read_to_end(int fd, const std::string& name) {
  std::string text;
  char piece[16384];
  while (true) {
    const ssize_t count = read(fd, piece, sizeof piece);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return fail_errno("read " + name, errno);
    if (count == 0) return text;
    text.append(piece, static_cast<size_t>(count));
    if (text.size() > kLargestFile) {
      return fail(Code::kInvalid, "read " + name + ": the file is larger than 16 MiB");
    }
  }
}

Result<UniqueFd> create_new_file(const std::string& path) {
  UniqueFd file(open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644));
  if (!file) return fail_errno("create " + path, errno);
  return file;
}

Status write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return fail_errno("write", errno);
    bytes.remove_prefix(static_cast<size_t>(written));
  }
  return {};
}

}  // namespace bulkhead::cli
