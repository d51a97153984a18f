// Content that pulls have received and that is of no image yet: layout.hpp's incoming/. As Content
// it shows what is whole, here or in the store.
//
// It also knows how far content has come that is being received right now, so that a layer is
// unpacked while it arrives. Bytes are told only once they are hashed and written, and a file is
// only ever appended to: what was read of it stays as it was. Content that begins anew (its digest
// was wrong) begins as another file, which whoever reads the old one is told. What a reader got
// before the content is whole is unverified.
#pragma once

#include <condition_variable>
#include <map>
#include <mutex>
#include <set>

#include "bulkhead/unique_fd.hpp"
#include "content.hpp"

namespace bulkhead::storage {

class Incoming : public Content {
 public:
  Incoming(const Layout& layout, const ContentStore& store) : layout_(layout), store_(store) {}

  std::optional<Path> find(const Digest& digest) const override;
  // How much of it came earlier.
  uint64_t have(const Digest& digest) const { return size_of_file(layout_.part(digest)); }

  // The right to receive one content: one at a time has it.
  class Arrival {
   public:
    Arrival(Incoming& incoming, const Digest& digest) : incoming_(incoming), digest_(digest) {}
    Arrival(const Arrival&) = delete;
    Arrival& operator=(const Arrival&) = delete;
    ~Arrival();  // what came is kept

    Path part() const { return incoming_.layout_.part(digest_); }
    void came(uint64_t bytes);  // so many, all together, are written and hashed
    Status finish();            // whole, verified and synced
    void discard();             // it was something else

   private:
    Incoming& incoming_;
    Digest digest_;
  };
  // Null if it is here already. kConflict if somebody receives it, or `offset` is neither 0, which
  // begins anew, nor what there is.
  Result<std::unique_ptr<Arrival>> begin(const Digest& digest, uint64_t offset);

  // For who reads content while it arrives. The file, if there is one that can be read already.
  Result<UniqueFd> open(const Digest& digest) const;
  struct Reach {
    uint64_t bytes;
    bool whole;
  };
  // How far that file may be read. kRetry if it isn't the content's any longer.
  Result<Reach> reach(const Digest& digest, int fd) const;
  // Something changes with every number. Waits for another one, but not long: whoever waits also
  // asks whether he is cancelled.
  uint64_t news() const;
  void wait_for_news(uint64_t known) const;

  // Removes all but these and what is being received. Allocated bytes that went, or would.
  uint64_t sweep(const std::set<Digest>& kept, bool dry_run);
  // Whole content that is here and of no image yet.
  std::set<Digest> list() const;

 private:
  struct State {
    uint64_t bytes = 0;
    bool receiving = false;
  };
  void change();  // with mutex_ held

  const Layout& layout_;
  const ContentStore& store_;
  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  uint64_t news_ = 0;
  std::map<Digest, State> arriving_;  // received in this process, whole ones no longer
};

}  // namespace bulkhead::storage
