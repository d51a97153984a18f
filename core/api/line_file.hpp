// Reads growing, rotated text files line by line: a container's log, a boot log, the service's own
// log.
//
// A log named L is rotated by renaming L to L.1, L.1 to L.2 and so on, and starting a new L. Names
// move under the reader, descriptors don't: what is there at the beginning is opened at once, and
// from then on the file being read is told by its inode. When it isn't L any more, those that are
// newer are opened, and it is read to its end once more before the next one begins, because it may
// have grown between the last look and its renaming. So nothing is read twice, and nothing is
// missed as long as the reader is no more than the kept files behind.
#pragma once

#include <sys/types.h>

#include <deque>
#include <optional>
#include <string>
#include <utility>
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

  // Until go_on(), the end is where it is now: of a file that grows faster than it is read, no
  // other end would ever be reached.
  void end_here();
  void go_on() { end_.reset(); }

 private:
  using Identity = std::pair<dev_t, ino_t>;
  struct Opened {
    UniqueFd fd;
    Identity identity;
  };
  static Opened open_one(const std::string& path);
  bool open_newer();
  bool look_for_newer();
  Result<size_t> read_some();
  void split();

  std::string path_;
  bool rotated_;
  std::deque<Opened> files_;  // oldest first; the first one is being read
  std::optional<off_t> end_;  // in the last of them
  std::vector<std::string> lines_;
  std::string rest_;
};

}  // namespace bulkhead::api
