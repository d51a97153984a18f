#include "container_log.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>

namespace bulkhead::qemu {
namespace {

constexpr size_t kLongestRecord = 16 * 1024;  // text bytes; METHODS.md
constexpr size_t kWriteSize = 64 * 1024;

bool ends_without_newline(int fd, uint64_t size) {
  char last = '\n';
  return size > 0 && ::pread(fd, &last, 1, static_cast<off_t>(size - 1)) == 1 && last != '\n';
}

}  // namespace

Result<ContainerLog> ContainerLog::open(std::string path, LogLimits limits) {
  limits.max_files = std::max(limits.max_files, 1u);
  limits.max_bytes = std::max<uint64_t>(limits.max_bytes, 4096);
  ContainerLog log(std::move(path), limits);
  if (auto opened = log.open_file(); !opened) return fail(opened.error());
  return log;
}

Status ContainerLog::open_file() {
  file_.reset(::open(path_.c_str(), O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC, 0600));
  if (!file_) return fail_errno("open " + path_, errno);
  struct stat info {};
  size_ = ::fstat(file_.get(), &info) == 0 ? static_cast<uint64_t>(info.st_size) : 0;
  torn_ = ends_without_newline(file_.get(), size_);
  return {};
}

void ContainerLog::write(LogStream stream, std::string_view bytes, int64_t now_us) {
  while (!bytes.empty()) {
    const size_t newline = bytes.find('\n');
    if (newline == std::string_view::npos) {
      keep_unfinished(stream, bytes, now_us);
      break;
    }
    const std::string_view line = bytes.substr(0, newline);
    std::string& head = unfinished(stream);
    if (head.empty() && line.size() <= kLongestRecord) {
      emit_line(stream, line, false, now_us);
    } else {
      keep_unfinished(stream, line, now_us);
      emit_line(stream, head, false, now_us);
      head.clear();
    }
    bytes.remove_prefix(newline + 1);
  }
  write_out();
}

// Adds to the unfinished line, giving out records while it is longer than one may be.
void ContainerLog::keep_unfinished(LogStream stream, std::string_view rest, int64_t now_us) {
  std::string& head = unfinished(stream);
  while (head.size() + rest.size() > kLongestRecord) {
    const size_t take = kLongestRecord - head.size();
    head.append(rest.substr(0, take));
    rest.remove_prefix(take);
    const size_t whole = whole_characters(head);
    emit_line(stream, std::string_view(head).substr(0, whole), true, now_us);
    head.erase(0, whole);
  }
  head.append(rest);
}

void ContainerLog::flush_unfinished(int64_t now_us) {
  for (LogStream stream : {LogStream::kStdout, LogStream::kStderr}) {
    std::string& head = unfinished(stream);
    const size_t whole = whole_characters(head);
    if (whole == 0) continue;
    emit_line(stream, std::string_view(head).substr(0, whole), true, now_us);
    head.erase(0, whole);
  }
  write_out();
}

void ContainerLog::finish(int64_t now_us) {
  for (LogStream stream : {LogStream::kStdout, LogStream::kStderr}) {
    std::string& head = unfinished(stream);
    if (!head.empty()) emit_line(stream, head, true, now_us);
    head.clear();
  }
  write_out();
}

bool ContainerLog::has_unfinished() const {
  return std::any_of(unfinished_.begin(), unfinished_.end(),
                     [](const std::string& head) { return whole_characters(head) > 0; });
}

void ContainerLog::emit_line(LogStream stream, std::string_view line, bool partial,
                             int64_t now_us) {
  const size_t before = buffer_.size();
  append_log_record(buffer_, now_us, stream, line, partial);
  if (size_ + buffer_.size() > limits_.max_bytes && size_ + before > 0) {
    // This record opens the next file; what stands before it still belongs to this one.
    std::string record = buffer_.substr(before);
    buffer_.resize(before);
    write_out();
    rotate();
    buffer_ = std::move(record);
  }
  if (buffer_.size() >= kWriteSize) write_out();
}

void ContainerLog::write_out() {
  if (buffer_.empty()) return;
  if (torn_) buffer_.insert(0, 1, '\n');
  std::string_view rest = buffer_;
  while (!rest.empty()) {
    const ssize_t n = ::write(file_.get(), rest.data(), rest.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) break;
    size_ += static_cast<uint64_t>(n);
    torn_ = rest[static_cast<size_t>(n) - 1] != '\n';
    rest.remove_prefix(static_cast<size_t>(n));
  }
  lost_bytes_ += rest.size();
  buffer_.clear();
  if (buffer_.capacity() > 4 * kWriteSize) buffer_.shrink_to_fit();
}

// Renames from the oldest to the newest, so that a crash in between leaves a gap in the numbers and
// no file lost. Nothing moves before there is a new file: where none can be opened, records go on
// into the old one, because too long a file is better than none.
void ContainerLog::rotate() {
  auto numbered = [&](unsigned n) { return n == 0 ? path_ : path_ + "." + std::to_string(n); };
  const std::string fresh = path_ + ".new";
  UniqueFd file(::open(fresh.c_str(), O_RDWR | O_APPEND | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  if (!file) {
    size_ = 0;  // not again with the next record
    return;
  }
  for (unsigned n = limits_.max_files - 1; n > 0; --n) {
    ::rename(numbered(n - 1).c_str(), numbered(n).c_str());
  }
  ::rename(fresh.c_str(), path_.c_str());
  file_ = std::move(file);
  size_ = 0;
  torn_ = false;
}

}  // namespace bulkhead::qemu
