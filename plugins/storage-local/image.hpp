// An image as the store sees it: what its index or manifest leads to. An index is kept whole even
// if this host needs one of its variants; which variants can be run is a question of what content
// came with it.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "content.hpp"
#include "oci_document.hpp"
#include "outline.hpp"

namespace bulkhead::storage {

// A manifest whose config and layers are all here.
struct Variant {
  Platform platform;
  Descriptor manifest;
  ImageConfig config;
  std::vector<Descriptor> layers;
  uint64_t bytes = 0;  // of manifest, config and layers

  Json to_json() const;
};

struct Image {
  Descriptor descriptor;  // of the index or manifest
  std::vector<Variant> variants;
  std::set<Digest> content;          // all that is here of it
  std::vector<std::string> missing;  // why other manifests aren't variants
  uint64_t config_bytes = 0;         // of all variants together

  // Follows everything below `root`. kCorrupt if a document lies; what is merely absent makes a
  // variant missing.
  static Result<Image> read(const Content& content, const Digest& root, const Limits& limits);

  // The variant that suits best; kNotFound lists those there are.
  Result<const Variant*> choose(const Platform& wanted, const std::string& name) const;
  std::string created() const;
  Json to_json(const std::string& reference = {}) const;
};

}  // namespace bulkhead::storage
