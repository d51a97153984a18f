// A piece of content as requests name it: what it is, how large, and where it is asked for.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "bulkhead/json.hpp"
#include "bulkhead/result.hpp"
#include "endpoint.hpp"

namespace bulkhead::registry {

inline constexpr uint64_t kLargestDocument = 8 * 1024 * 1024;  // an index or manifest

struct Content {
  bool manifest = false;  // else a blob
  std::string media_type, digest;
  uint64_t size = 0;

  static Result<Content> from_json(const Json& request);  // "kind" and "content"
  std::string brief() const;                              // "sha256:0123456789ab"
  std::string path(const std::string& repository) const;  // "/v2/<repository>/blobs/<digest>"
};

Result<Remote> remote_of(const Json& request);  // "reference", "scheme", "localDomain"?

// All that a manifest may be; a registry converts or hides what isn't asked for.
extern const char* const kAcceptManifests;

// For sentences and bars: how far a transfer is.
Json progress_note(uint64_t done, uint64_t total, const std::string& what = {});

}  // namespace bulkhead::registry
