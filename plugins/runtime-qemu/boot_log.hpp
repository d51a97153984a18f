// boot.log: the serial console's bytes as they come, appended across starts, and the last line in
// memory.
//
// QEMU could write this file itself. It goes through the host instead for two reasons: a guest that
// prints without end must not fill the disk (past max_bytes the file is renamed to boot.log.1,
// replacing the one before), and a VM that doesn't boot is explained by the last line it printed.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "bulkhead/result.hpp"
#include "bulkhead/unique_fd.hpp"

namespace bulkhead::qemu {

class BootLog {
 public:
  // Without a path nothing is kept but the last line (the probe).
  BootLog() = default;
  static Result<BootLog> open(std::string path, uint64_t max_bytes = 4 << 20);

  void write(std::string_view bytes);

  // What explains a boot that failed: what init or a panic said first, or else the last line that
  // isn't blank; without control characters, cut to a length that fits a sentence; may be empty.
  const std::string& last_line() const;
  // Waits for a line: seen() once one containing `text` has been printed, whatever was printed
  // after it.
  void await(std::string text) { awaited_ = std::move(text); }
  bool seen() const { return seen_; }

 private:
  Status open_file();
  void end_line();

  std::string path_;
  uint64_t max_bytes_ = 0;
  UniqueFd file_;
  uint64_t size_ = 0;
  std::string last_line_;
  std::string unfinished_;
  std::string awaited_;
  bool seen_ = false;
};

}  // namespace bulkhead::qemu
