// What SIGINT, SIGTERM and SIGHUP do to a command that isn't attached to a process: it ends with
// 128+n, after undoing the two things that must not outlive it: a terminal in raw mode and a
// half-written file.
#pragma once

#include <string>

namespace bulkhead::cli {

void install_interrupt_handler();

// From now on an interrupt removes `path`; "" ends that.
void remove_on_interrupt(const std::string& path);

class UnfinishedFile {
 public:
  // `path` is removed by the destructor or an interrupt unless finished() was called.
  explicit UnfinishedFile(std::string path);
  ~UnfinishedFile();
  UnfinishedFile(const UnfinishedFile&) = delete;
  UnfinishedFile& operator=(const UnfinishedFile&) = delete;

  void finished() { finished_ = true; }

 private:
  std::string path_;
  bool finished_ = false;
};

}  // namespace bulkhead::cli
