// One pull: a reference becomes an image.
//
//     resolving   what the tag means now, unless the reference has a digest and the image is here
//     planning    what of it isn't here (storage.plan): asked again when that has come, because an
//                 index names manifests and a manifest names layers
//     fetching    the missing pieces, some at a time; the disk is made beside it (storage.unpack),
//                 of layers that may still be arriving
//     admitting   in turn with everything else that changes the set of images (storage.admit)
//
// Ends once, with what was admitted or with the first reason why not; what came by then stays in
// the store's incoming/ for the next pull.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "content_fetches.hpp"
#include "transfer_progress.hpp"

namespace bulkhead::engine {

class ImagePull : public std::enable_shared_from_this<ImagePull> {
 public:
  struct Parts {
    PluginPort& storage;
    PluginPort& registry;
    ContentFetches& fetches;
    const std::function<const model::State&()> state;
    // Calls when it is its turn; the turn lasts until `over` is called.
    using Turn = std::function<void(std::function<void()> over)>;
    std::function<void(Turn)> in_turn;
  };
  // What storage.admit answered, and the bytes that were received. `over` ends the turn: when the
  // journal has the image.
  struct Pulled {
    Json image;
    int64_t received = 0;
    std::function<void()> over;
  };
  using Done = std::function<void(Result<Pulled>)>;

  // intent: image.pull's. `local_domain`: names below it are spoken to without TLS.
  ImagePull(Parts parts, const model::Event& intent, const std::string& local_domain,
            TransferProgress progress, Done done);
  void begin();
  void cancel();  // nobody waits any longer

 private:
  void resolve();
  void plan();
  void planned(const Json& plan);
  void fetch_more();
  void fetch_one(const Json& piece);
  void fetched(const std::string& digest, const Result<int64_t>& result);
  void unpack();
  void unpacked(const Result<Json>& result);
  void admit(const std::function<void()>& over);
  void fail_with(Error error);
  void finish(Result<Pulled> result);
  // An answer that is dropped once the pull is over.
  Answer while_open(std::function<void(const Json&)> then);

  Parts parts_;
  Json request_;  // the intent's data
  Json remote_;
  model::Origin origin_;
  TransferProgress progress_;
  Done done_;

  Json root_;  // Descriptor
  int rounds_ = 0;
  bool planning_ = false;
  bool look_again_ = false;  // what is missing has changed
  std::deque<Json> waiting_;
  std::map<std::string, ContentFetches::TicketPtr> fetching_;  // by digest
  std::map<std::string, int> came_;                            // how often
  int64_t received_ = 0;

  std::string manifest_;  // whose disk is made; empty: none
  enum class Disk { kNone, kBeingMade, kAgain, kMade } disk_ = Disk::kNone;
  uint64_t unpack_op_ = 0;
};

}  // namespace bulkhead::engine
