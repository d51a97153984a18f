// container.log: what the container's first process wrote, as records with time and stream, rotated
// by size.
//
// Invariants. A record is written whole or, if the disk is full, is missing whole (a torn line is
// closed by a newline before the next). A file never grows past max_bytes: container.log is renamed
// to container.log.1, that to .2, and the oldest of max_files is removed. Files are cut between
// records. What write() was given is in the kernel's hands when it returns, except for an
// unfinished line, which is kept until it ends, grows past 16 KiB or flush_unfinished() is called:
// so nothing is lost when the daemon or this host is killed but a prompt younger than the owner's
// timer.
//
// A failing disk never stops the container: the loss is counted and reported by the owner.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "bulkhead/log_record.hpp"
#include "bulkhead/result.hpp"
#include "bulkhead/unique_fd.hpp"

namespace bulkhead::qemu {

struct LogLimits {
  uint64_t max_bytes = 16 << 20;  // of one file
  unsigned max_files = 4;         // with the current one
};

class ContainerLog {
 public:
  static Result<ContainerLog> open(std::string path, LogLimits limits);

  // Bytes as they come, cut anywhere.
  void write(LogStream stream, std::string_view bytes, int64_t now_us);
  // Writes unfinished lines as partial records; a character cut in two still waits for its rest.
  void flush_unfinished(int64_t now_us);
  // The stream ended: everything that is left, whole or not.
  void finish(int64_t now_us);

  bool has_unfinished() const;
  uint64_t lost_bytes() const { return lost_bytes_; }

 private:
  ContainerLog(std::string path, LogLimits limits) : path_(std::move(path)), limits_(limits) {}

  Status open_file();
  void emit_line(LogStream stream, std::string_view line, bool partial, int64_t now_us);
  void keep_unfinished(LogStream stream, std::string_view rest, int64_t now_us);
  void write_out();
  void rotate();
  std::string& unfinished(LogStream stream) { return unfinished_[static_cast<size_t>(stream) - 1]; }

  std::string path_;
  LogLimits limits_;
  UniqueFd file_;
  uint64_t size_ = 0;
  bool torn_ = false;  // the file's last line has no newline
  std::array<std::string, 2> unfinished_;
  std::string buffer_;  // formatted records of the current call
  uint64_t lost_bytes_ = 0;
};

}  // namespace bulkhead::qemu
