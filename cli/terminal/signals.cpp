#include "terminal/signals.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>

namespace bulkhead::cli {

namespace {

// A handler can't be given an argument, so the write end has to be reachable from everywhere.
std::atomic<int> g_write_end{-1};

void enqueue(int signal) {
  const int saved = errno;
  const auto byte = static_cast<unsigned char>(signal);
  // A full pipe holds thousands of signals nobody has looked at; one more wouldn't be news.
  if (write(g_write_end.load(), &byte, 1) < 0) {
  }
  errno = saved;
}

}  // namespace

SignalQueue::SignalQueue(std::span<const int> signals) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0) return;
  read_end_.reset(ends[0]);
  write_end_.reset(ends[1]);
  g_write_end = ends[1];
  for (const int signal : signals) {
    struct sigaction action = {};
    struct sigaction former = {};
    action.sa_handler = enqueue;
    sigfillset(&action.sa_mask);
    action.sa_flags = SA_RESTART;
    if (sigaction(signal, &action, &former) == 0) former_.emplace_back(signal, former);
  }
}

SignalQueue::~SignalQueue() {
  for (const auto& [signal, former] : former_) sigaction(signal, &former, nullptr);
  g_write_end = -1;
}

std::optional<int> SignalQueue::next() {
  unsigned char byte = 0;
  if (read(read_end_.get(), &byte, 1) != 1) return std::nullopt;
  return byte;
}

}  // namespace bulkhead::cli
