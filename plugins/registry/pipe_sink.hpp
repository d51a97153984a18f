// Bytes into a pipe at the pace of its reader. Nothing blocks: what the pipe doesn't take is kept,
// one piece at most, and the next is asked to wait.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "bulkhead/result.hpp"
#include "bulkhead/unique_fd.hpp"
#include "core/loop/handles.hpp"

namespace bulkhead::registry {

class PipeSink {
 public:
  // `drained`: everything taken has left; called after a take() that left something behind.
  // `broken`: nobody reads any more.
  PipeSink(loop::Loop& loop, UniqueFd fd, std::function<void()> drained,
           std::function<void(Error)> broken);

  bool full() const { return !pending_.empty(); }
  // All of it, now or later. kUnavailable if the reader is gone.
  Status take(std::string_view bytes);
  // The reader sees the end of what was taken. Drain first.
  void close();

 private:
  Status write_some();
  void writable();

  UniqueFd fd_;
  std::function<void()> drained_;
  std::function<void(Error)> broken_;
  std::string pending_;
  size_t begin_ = 0;
  std::unique_ptr<loop::Poll> poll_;  // last: closed before the descriptor
};

}  // namespace bulkhead::registry
