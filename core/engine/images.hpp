// What can be done to images. Names are the journal's, bytes are the storage plugin's: each flow
// lets the plugin do its part between intent and outcome, and commits with the outcome which name
// means which image from then on.
//
// Flows that change the set of images take turns. A collection deletes what no name holds, and an
// image that has just been loaded is held by none until its facts are committed.
#pragma once

#include <deque>
#include <functional>
#include <string>

#include "content_fetches.hpp"
#include "interest.hpp"
#include "operations.hpp"
#include "transfer_progress.hpp"

namespace bulkhead::engine {

class Images {
 public:
  Images(Operations& operations, PluginPort& storage, PluginPort& registry, Json host_platform)
      : operations_(operations),
        storage_(storage),
        registry_(registry),
        host_platform_(std::move(host_platform)),
        fetches_(operations.ledger(), storage, registry) {}

  // Transfers end early, with kRetry, when the interest in them is lost.
  // request: {"label", "force"?}; fd: the archive. Answer {"images": [Image view], "skipped": [s]}.
  void load(const Json& request, UniqueFd archive, const InterestPtr& interest,
            const model::Origin& origin, Answer done);
  // request: storage.import's; fd: the root file system. Answer: Image view.
  void import_root(const Json& request, UniqueFd archive, const InterestPtr& interest,
                   const model::Origin& origin, Answer done);
  // request: {"references", "platform"?}. Answer {"bytes"}.
  void save(const Json& request, UniqueFd output, const InterestPtr& interest,
            const model::Origin& origin, Answer done);
  // request: {"reference", "platform"?, "allPlatforms"?, "scheme"?, "maxConcurrentDownloads"?}.
  // Answer: Image view. Several may be under way at once; only their last step waits for its turn.
  void pull(const Json& request, TransferProgress progress, const InterestPtr& interest,
            const model::Origin& origin, Answer done);
  // request: {"reference", "platform"?, "scheme"?}. Answer {"reference", "digest", "sent"}.
  void push(const Json& request, TransferProgress progress, const InterestPtr& interest,
            const model::Origin& origin, Answer done);
  void tag(const std::string& source, const std::string& target, const model::Origin& origin,
           Answer done);
  void remove(const std::string& ref, bool force, const model::Origin& origin, Answer done);
  void prune(bool all, const model::Origin& origin, Answer done);
  // Removes bytes that nothing in the state holds; at start, after a crash.
  void collect(const model::Origin& origin, Answer done);

  void recover(const model::Operation& operation, std::function<void()> done);

 private:
  using Turn = std::function<void(Answer)>;
  void in_turn(Turn flow, Answer done);
  void next_turn();
  // A call with the client's descriptor that is called off with its interest.
  void transfer(const model::Event& intent, const std::string& method, const Json& request,
                UniqueFd fd, const InterestPtr& interest, Answer answer);
  void removal_effect(const model::Event& intent, const model::Origin& origin,
                      const Report& report);
  std::deque<std::pair<std::string, std::string>> neighbours_of(const std::string& reference) const;
  std::string local_domain() const;
  const model::State& state() const { return operations_.state(); }

  Operations& operations_;
  PluginPort& storage_;
  PluginPort& registry_;
  Json host_platform_;
  ContentFetches fetches_;
  int pulls_ = 0;  // under way
  std::deque<std::function<void()>> turns_;
};

}  // namespace bulkhead::engine
