// The bytes of content that may not be here yet: those that have come are read, the others are
// waited for, until the operation is cancelled. It ends only when all of the content was read and
// its digest was found right, so whoever has seen its end has read what the digest names.
#pragma once

#include <atomic>

#include "byte_source.hpp"
#include "incoming.hpp"

namespace bulkhead::storage {

class ArrivingSource : public EncodedSource {
 public:
  ArrivingSource(const Incoming& incoming, Digest digest, const Task& task);

  // kRetry if what was read turns out not to be the content: it comes again, from its beginning.
  Result<Bytes> next() override;
  uint64_t consumed() const override { return consumed_.load(std::memory_order_relaxed); }
  void abandon() override { abandoned_ = true; }

 private:
  Status check() const;
  Result<bool> look();  // is there more to read?
  Result<Bytes> read();

  const Incoming& incoming_;
  Digest digest_;
  const Task& task_;
  std::vector<std::byte> buffer_;
  UniqueFd fd_;
  Incoming::Reach reach_{0, false};
  std::atomic<uint64_t> consumed_{0};
  std::atomic<bool> abandoned_{false};
};

}  // namespace bulkhead::storage
