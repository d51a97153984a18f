// The source's work on a thread of its own, a few buffers ahead of whoever reads: taking off a
// compression costs as much as everything that follows it, so on two cores a layer is unpacked in
// little more than half the time.
#pragma once

#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <thread>

#include "byte_source.hpp"

namespace bulkhead::storage {

class Prefetch : public ByteSource {
 public:
  explicit Prefetch(
      ByteSource& source);  // used by the other thread only, from here to the destructor
  ~Prefetch() override;
  Result<Bytes> next() override;

 private:
  using Buffer = std::vector<std::byte>;

  void run();
  Status fill(Buffer& buffer);  // as much as fits; empty at the end
  bool hand_over(Buffer buffer);

  ByteSource& source_;
  Bytes unread_;  // of source_, the other thread's

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Buffer> full_;
  std::vector<Buffer> spare_;
  std::optional<Error> error_;
  bool ended_ = false;     // the source is
  bool stopping_ = false;  // the reader has lost interest
  Buffer current_;         // the reader's
  std::thread thread_;     // last: it uses all of the above
};

}  // namespace bulkhead::storage
