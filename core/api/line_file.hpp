// Reads growing, rotated text files line by line: a container's log, a boot log, the service's own
// log.
//
// A log named L is rotated by renaming L to L.1, L.1 to L.2 and so on, and starting a new L. The
// reader begins at the oldest, and when it is at the end of a file that has been renamed since, it
// finds the next one by inode: nothing is read twice, and nothing is missed as long as the reader
// is no more than the kept files behind.
#pragma once

#include <sys/types.h>

#include <deque>
#include <string>
#include <vector>

#include "bulkhead/result.hpp"
#include "bulkhead/unique_fd.hpp"

namespace bulkhead::api {

class LineFile {
 public:
  explicit LineFile(std::string path, bool rotated);

  // The next whole lines, at most about 64 KiB of them, without newlines; none means the end for
  // now. A last line without its newline is given only by take_rest().
  Result<std::vector<std::string>> next();
  std::string take_rest() { return std::move(rest_); }

 private:
  bool open_next();

  std::string path_;
  std::deque<std::string> older_;  // still to be read, oldest first
  bool started_ = false;
  UniqueFd fd_;
  ino_t inode_ = 0;
  std::string rest_;
};

}  // namespace bulkhead::api
