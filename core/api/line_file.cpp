#include "line_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>

namespace bulkhead::api {
namespace {

constexpr size_t kRead = 64 * 1024;
constexpr size_t kMaxLine =
    1024 * 1024;  // a longer one is cut: what wrote it doesn't write such lines
constexpr int kMaxRotated = 100;

}  // namespace

LineFile::LineFile(std::string path, bool rotated) : path_(std::move(path)) {
  for (int n = 1; rotated && n <= kMaxRotated; ++n) {
    std::string older = path_ + "." + std::to_string(n);
    struct stat found {};
    if (stat(older.c_str(), &found) != 0) break;
    older_.push_front(older);
  }
}

// True if another file could be opened: the next older one, or the current one if it isn't the one
// just read.
bool LineFile::open_next() {
  while (!older_.empty()) {
    UniqueFd fd(open(older_.front().c_str(), O_RDONLY | O_CLOEXEC));
    older_.pop_front();
    struct stat found {};
    if (!fd || fstat(fd.get(), &found) != 0) continue;
    fd_ = std::move(fd);
    inode_ = found.st_ino;
    return true;
  }
  UniqueFd fd(open(path_.c_str(), O_RDONLY | O_CLOEXEC));
  struct stat found {};
  if (!fd || fstat(fd.get(), &found) != 0) return false;
  if (started_ && found.st_ino == inode_) return false;
  started_ = true;
  fd_ = std::move(fd);
  inode_ = found.st_ino;
  return true;
}

Result<std::vector<std::string>> LineFile::next() {
  std::vector<std::string> lines;
  while (lines.empty()) {
    if (!fd_ && !open_next()) return lines;
    char buffer[kRead];
    ssize_t got = read(fd_.get(), buffer, sizeof buffer);
    if (got < 0) return fail_errno("read " + path_, errno);
    if (got == 0) {
      if (!open_next()) return lines;
      continue;
    }
    rest_.append(buffer, static_cast<size_t>(got));
    size_t begin = 0;
    for (size_t end; (end = rest_.find('\n', begin)) != rest_.npos; begin = end + 1)
      lines.push_back(rest_.substr(begin, end - begin));
    rest_.erase(0, begin);
    if (rest_.size() > kMaxLine) lines.push_back(std::exchange(rest_, {}));
  }
  return lines;
}

}  // namespace bulkhead::api
