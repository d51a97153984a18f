#include "boot_log.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

namespace bulkhead::qemu {
namespace {

constexpr std::string_view kInitSays = "bulkhead: ";
constexpr std::string_view kPanic = "Kernel panic";
constexpr size_t kLongestLine = 200;

// What comes after these is farewell: a panic's trace, or the panic that init's own end is.
bool explains(std::string_view line) {
  return line.starts_with(kInitSays) || line.find(kPanic) != line.npos;
}

}  // namespace

Result<BootLog> BootLog::open(std::string path, uint64_t max_bytes) {
  BootLog log;
  log.path_ = std::move(path);
  log.max_bytes_ = max_bytes;
  if (auto opened = log.open_file(); !opened) return fail(opened.error());
  return log;
}

Status BootLog::open_file() {
  UniqueFd file(::open(path_.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600));
  if (!file) return fail_errno("open " + path_, errno);
  struct stat info {};
  size_ = ::fstat(file.get(), &info) == 0 ? static_cast<uint64_t>(info.st_size) : 0;
  file_ = std::move(file);
  return {};
}

void BootLog::end_line() {
  if (!awaited_.empty() && unfinished_.find(awaited_) != std::string::npos) seen_ = true;
  const bool blank = unfinished_.find_first_not_of(' ') == std::string::npos;
  if (!blank && !explains(last_line_)) last_line_ = std::move(unfinished_);
  unfinished_.clear();
}

const std::string& BootLog::last_line() const {
  return unfinished_.empty() || explains(last_line_) ? last_line_ : unfinished_;
}

void BootLog::write(std::string_view bytes) {
  for (const char c : bytes) {
    if (c == '\n') {
      end_line();
    } else if (c >= ' ' && c < 0x7f && unfinished_.size() < kLongestLine) {
      unfinished_ += c;
    }
  }
  if (!file_) return;
  if (size_ > 0 && size_ + bytes.size() > max_bytes_) {
    ::rename(path_.c_str(), (path_ + ".1").c_str());
    (void)open_file();  // if it fails, the old file is still open and takes the rest
  }
  // A console that can't be written down is no reason to stop a container.
  const ssize_t written = ::write(file_.get(), bytes.data(), bytes.size());
  if (written > 0) size_ += static_cast<uint64_t>(written);
}

}  // namespace bulkhead::qemu
