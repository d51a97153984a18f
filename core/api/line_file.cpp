#include "line_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <iterator>
#include <utility>

namespace bulkhead::api {
namespace {

constexpr size_t kRead = 64 * 1024;
constexpr size_t kMaxLine =
    1024 * 1024;  // a longer one is cut: what wrote it doesn't write such lines
constexpr int kMaxRotated = 100;
constexpr int kMostLooks = 8;

// {0, 0} if there is none.
std::pair<dev_t, ino_t> identity_of(const std::string& path) {
  struct stat found {};
  if (stat(path.c_str(), &found) != 0) return {0, 0};
  return {found.st_dev, found.st_ino};
}

bool is_removed(const UniqueFd& fd) {
  struct stat found {};
  return fstat(fd.get(), &found) != 0 || found.st_nlink == 0;
}

}  // namespace

LineFile::LineFile(std::string path, bool rotated) : path_(std::move(path)), rotated_(rotated) {
  open_newer();
}

LineFile::Opened LineFile::open_one(const std::string& path) {
  UniqueFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  struct stat found {};
  if (!fd || fstat(fd.get(), &found) != 0) return {};
  return {std::move(fd), {found.st_dev, found.st_ino}};
}

// Opens what is newer than the last file that is open; false if there is none. Names only ever move
// to higher numbers, so a look from L upwards may meet a file twice, or a gap where one is just
// being renamed, but can't pass one by; and as long as L stays the same file meanwhile, it meets
// them in their order. If it doesn't meet the file itself, that has been removed, and everything
// there is, is newer.
bool LineFile::open_newer() {
  for (int tries = 0; tries < kMostLooks; ++tries) {
    const size_t before = files_.size();
    if (look_for_newer()) return files_.size() > before;
  }
  return false;  // rotation is faster than we are: next time
}

// False if the names moved too much meanwhile to be sure.
bool LineFile::look_for_newer() {
  const Identity newest = identity_of(path_);
  std::deque<Opened> newer;  // oldest first
  bool met = files_.empty() || !rotated_;
  for (int n = 0; n <= (rotated_ ? kMaxRotated : 0); ++n) {
    Opened file = open_one(n == 0 ? path_ : path_ + "." + std::to_string(n));
    if (!file.fd) continue;
    if (!files_.empty() && file.identity == files_.back().identity) {
      met = true;
      break;
    }
    auto same = [&](const Opened& other) { return other.identity == file.identity; };
    if (std::none_of(newer.begin(), newer.end(), same)) newer.push_front(std::move(file));
  }
  if (identity_of(path_) != newest) return false;
  if (!met && !is_removed(files_.back().fd)) return false;
  std::move(newer.begin(), newer.end(), std::back_inserter(files_));
  return true;
}

void LineFile::end_here() {
  struct stat found {};
  end_ = files_.empty() || fstat(files_.back().fd.get(), &found) != 0 ? 0 : found.st_size;
}

Result<std::vector<std::string>> LineFile::next() {
  while (lines_.empty()) {
    if (files_.empty() && (end_ || !open_newer())) break;
    auto got = read_some();
    if (!got) return fail(std::move(got.error()));
    if (*got > 0) {
      split();
    } else if (files_.size() > 1) {
      files_.pop_front();  // its successor was there before this look at its end
    } else if (end_ || !open_newer()) {
      break;
    }
  }
  return std::exchange(lines_, {});
}

// Bytes of the first file, added to the rest; 0 at its end.
Result<size_t> LineFile::read_some() {
  const int fd = files_.front().fd.get();
  size_t most = kRead;
  if (end_ && files_.size() == 1) {
    const off_t left = *end_ - lseek(fd, 0, SEEK_CUR);
    most = left <= 0 ? 0 : std::min<size_t>(most, static_cast<size_t>(left));
  }
  char buffer[kRead];
  ssize_t got = 0;
  do {
    got = read(fd, buffer, most);
  } while (got < 0 && errno == EINTR);
  if (got < 0) return fail_errno("read " + path_, errno);
  rest_.append(buffer, static_cast<size_t>(got));
  return static_cast<size_t>(got);
}

void LineFile::split() {
  size_t begin = 0;
  for (size_t end; (end = rest_.find('\n', begin)) != rest_.npos; begin = end + 1)
    lines_.push_back(rest_.substr(begin, end - begin));
  rest_.erase(0, begin);
  if (rest_.size() > kMaxLine) lines_.push_back(std::exchange(rest_, {}));
}

}  // namespace bulkhead::api
