// What has to be fetched of an image, or sent: the pieces it consists of, as far as the documents
// that are here tell. Whoever fetches asks again when what was missing has come, and has everything
// when nothing is missing any more.
//
// What strangers promise is judged here, before any of it is fetched: sizes, counts, kinds.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "bulkhead/json.hpp"
#include "store.hpp"

namespace bulkhead::storage {

struct Piece {
  enum class Kind { kDocument, kConfig, kLayer };
  Kind kind;
  Descriptor content;
  std::string what;  // "layer 2 of 5"

  Json to_json() const;  // as METHODS.md has it
};

struct Plan {
  // Each once, in the order of fetching: documents, configs, then layers in the order of unpacking,
  // those for this host first. A document stands before those it names.
  std::vector<Piece> pieces;
  std::optional<Digest> host_manifest;  // what this host will unpack, once it can be

  // Without a platform: of all.
  static Result<Plan> make(const Content& content, const Descriptor& root,
                           const std::optional<Platform>& platform, const Platform& host,
                           const Limits& limits);
};

// storage.plan
Result<Json> plan_pull(const Store& store, const Descriptor& root,
                       const std::optional<Platform>& platform);

}  // namespace bulkhead::storage
