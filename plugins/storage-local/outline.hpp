// What an image consists of, as far as the documents that are here tell: an index names manifests,
// a manifest names its config and layers, and whatever isn't here yet is known by its descriptor
// only. Every document is looked at once, however often it is named.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "content.hpp"
#include "oci_document.hpp"

namespace bulkhead::storage {

struct Outline {
  struct IndexPart {
    Descriptor index;
    bool here;
  };
  struct Branch {
    Descriptor manifest;
    std::optional<Manifest> document;   // if it is here
    std::optional<ImageConfig> config;  // if it is here, of an image

    const Platform* platform() const;  // the index's word, else the config's; null: not known yet
    bool is_known_not_to_run() const;  // a chart, a signature, an attestation
  };

  std::vector<IndexPart> indexes;  // each before those it names
  std::vector<Branch> branches;    // manifests, in the order of the indexes

  // kCorrupt if a document lies or asks for more than Limits admit.
  static Result<Outline> read(const Content& content, const Descriptor& root, const Limits& limits);

  // The branch that suits best; null if what isn't here yet may suit better, kNotFound lists those
  // there are.
  Result<const Branch*> choose(const Platform& wanted, const std::string& name) const;
};

// The descriptor of an index or manifest that is here.
Result<Descriptor> describe(const Content& content, const Digest& digest, const Limits& limits);

// Which of these suits best. kNotFound lists them.
Result<size_t> choose_platform(const std::vector<Platform>& offered, const Platform& wanted,
                               const std::string& name);

}  // namespace bulkhead::storage
