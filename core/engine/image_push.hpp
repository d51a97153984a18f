// One push: an image goes to a registry, what is referred to before what refers to it, so that
// nobody there can find a name that leads to nothing.
//
//     listing    what it consists of (storage.contents)
//     uploading  the blobs, some at a time, then the manifests one after the other, the root last
//                and by its tag
//
// What the registry has is not sent again, and what another repository of it has is mounted: the
// names of this host's images tell which repositories may have it.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>

#include "operations.hpp"
#include "transfer_progress.hpp"

namespace bulkhead::engine {

class ImagePush : public std::enable_shared_from_this<ImagePush> {
 public:
  using Done = std::function<void(Result<Json>)>;  // {"reference", "digest", "sent"}

  // intent: image.push's.
  ImagePush(PluginPort& storage, PluginPort& registry, const model::Event& intent,
            const std::string& local_domain, TransferProgress progress, Done done);
  // Images of the same registry under other names: (reference, digest).
  void begin(std::deque<std::pair<std::string, std::string>> neighbours);
  void cancel();

 private:
  void ask_next_neighbour();
  void list();
  void listed(const Json& contents);
  void upload_more();
  void upload(const Json& piece);
  void send(const Json& piece, UniqueFd content);
  void uploaded(const Json& piece, const Json& result);
  void fail_with(Error error);
  void finish(Result<Json> result);
  Answer while_open(std::function<void(const Json&)> then);

  PluginPort& storage_;
  PluginPort& registry_;
  Json request_;
  Json remote_;
  TransferProgress progress_;
  Done done_;
  std::deque<std::pair<std::string, std::string>> neighbours_;
  std::map<std::string, Json> mounts_;  // digest -> references that have it
  Json root_;
  std::deque<Json> blobs_, manifests_;
  std::set<uint64_t> uploading_;  // operations of the registry
  size_t opening_ = 0;
  int64_t sent_ = 0;
};

}  // namespace bulkhead::engine
