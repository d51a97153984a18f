// What SIGINT, SIGTERM and SIGHUP do to a command that isn't attached to a process: it ends with
// 128+n, after undoing what must not outlive it: a terminal in another mode, a half-written file
// and a half-written line.
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

// While it lives, an interrupt writes `text` to `fd`: what ends the line that the cursor is in. One
// at a time; `text` is a constant.
class LastWords {
 public:
  LastWords(int fd, const char* text);
  ~LastWords();
  LastWords(const LastWords&) = delete;
  LastWords& operator=(const LastWords&) = delete;
};

}  // namespace bulkhead::cli
