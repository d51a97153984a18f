// What can be done to volumes: each a short flow between a committed intent and its outcome
// (operations.hpp). A container's creation makes the volumes that it mounts and that nobody has
// made yet; its removal takes those that nobody named.
//
// Nothing here removes what the journal doesn't know: storage.gc is never told which volumes are
// alive. A journal that was lost or put back from a backup would take the data with it.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "model/volume_decide.hpp"
#include "operations.hpp"

namespace bulkhead::engine {

class Volumes {
 public:
  Volumes(Operations& operations, PluginPort& storage)
      : operations_(operations), storage_(storage) {}

  // Answer: Volume.
  void create(const model::CreateVolume& command, const model::Origin& origin, Answer done);
  // Answer: {"id", "reclaimed"}.
  void remove(const model::DeleteVolume& command, const model::Origin& origin, Answer done);
  // Those that no container refers to. Answer: {"deleted": [names], "reclaimed"}.
  void prune(const model::Origin& origin, Answer done);

  // Those of a container's creation (`intent`) that it said are missing. Answer: where each of
  // them is, by name; one that somebody else has made meanwhile is taken as it is.
  void make_missing(const model::Event& intent, Answer done);
  // What nobody named and only this container, which is going, had. Then: bytes that came free.
  void remove_own(const std::string& container, const std::string& reason,
                  std::function<void(int64_t reclaimed)> then);

  // What volumes take (the answer of storage.usage), or null if storage can't say.
  void usage(std::function<void(const Json&)> then);

  void recover(const model::Operation& operation, std::function<void()> done);

 private:
  struct Missing;
  void make_next(const std::shared_ptr<Missing>& missing);
  void await(const model::VolumeState& volume, Answer done);
  void remove_each(std::vector<std::string> names, model::DeleteVolume like,
                   const model::Origin& origin,
                   std::function<void(std::vector<std::string>, int64_t)> then);
  const model::State& state() const { return operations_.state(); }

  Operations& operations_;
  PluginPort& storage_;
};

}  // namespace bulkhead::engine
