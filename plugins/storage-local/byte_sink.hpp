// Bytes into a descriptor that somebody else reads, or doesn't: the counterpart of FdSource. A
// reader that stays away keeps the operation waiting, but not from hearing that it is cancelled.
//
// The descriptor is shared with the client, so it isn't made non-blocking; instead no more is
// written at once than is sure to fit: PIPE_BUF into a pipe that poll() calls writable, and what a
// socket takes with MSG_DONTWAIT. Anything else is a file, which always takes it.
#pragma once

#include "bulkhead/result.hpp"
#include "digest.hpp"
#include "task.hpp"

namespace bulkhead::storage {

class FdSink {
 public:
  FdSink(int fd, const Task& task);
  Status write(Bytes bytes);

 private:
  enum class Kind { kFile, kPipe, kSocket };
  static Kind kind_of(int fd);
  Status wait_writable() const;

  int fd_;
  const Task& task_;
  Kind kind_;
};

}  // namespace bulkhead::storage
