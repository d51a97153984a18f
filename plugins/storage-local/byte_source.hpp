// Bytes that are pulled. The way of a layer is a chain of these, file -> decompression -> another
// thread -> archive reader, in which every link hands on what it was given without a copy where it
// can.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "bulkhead/result.hpp"
#include "bulkhead/unique_fd.hpp"
#include "digest.hpp"
#include "task.hpp"

namespace bulkhead::storage {

class ByteSource {
 public:
  virtual ~ByteSource() = default;
  // The next bytes, valid until the next call; empty at the end, and again at every call after it.
  virtual Result<Bytes> next() = 0;
};

// Bytes as they are stored or sent.
class EncodedSource : public ByteSource {
 public:
  virtual uint64_t consumed() const = 0;  // how many were read so far; from any thread
  // Nobody will read on: a next() that waits in another thread ends soon.
  virtual void abandon() {}
};

// A file, pipe or socket. Descriptors that come from a client may be non-blocking: then it waits,
// and hears of a cancelled task while it does.
class FdSource : public EncodedSource {
 public:
  FdSource(int fd, const Task& task);  // fd stays the caller's
  Result<Bytes> next() override;
  uint64_t consumed() const override { return consumed_.load(std::memory_order_relaxed); }

 private:
  Status wait_readable() const;

  int fd_;
  const Task& task_;
  std::vector<std::byte> buffer_;
  std::atomic<uint64_t> consumed_{0};
};

// A file that it keeps open.
class FileSource : public EncodedSource {
 public:
  FileSource(UniqueFd fd, const Task& task) : fd_(std::move(fd)), source_(fd_.get(), task) {}
  Result<Bytes> next() override { return source_.next(); }
  uint64_t consumed() const override { return source_.consumed(); }

 private:
  UniqueFd fd_;
  FdSource source_;
};

class MemorySource : public ByteSource {
 public:
  explicit MemorySource(Bytes bytes) : bytes_(bytes) {}
  Result<Bytes> next() override { return std::exchange(bytes_, {}); }

 private:
  Bytes bytes_;
};

}  // namespace bulkhead::storage
