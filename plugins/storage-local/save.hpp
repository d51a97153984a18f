// storage.save: images as one archive, an OCI layout that older `docker load`s understand too
// (manifest.json beside index.json). The same images give the same bytes: members in a fixed order,
// times and owners zero.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "bulkhead/platform.hpp"
#include "store.hpp"
#include "task.hpp"

namespace bulkhead::storage {

struct SavedImage {
  std::string reference;  // may be empty
  Digest digest;
};

// With a platform only that variant of each image. The bytes written.
Result<uint64_t> save_images(Store& store, const std::vector<SavedImage>& images,
                             const std::optional<Platform>& platform, int fd, const Task& task);

}  // namespace bulkhead::storage
