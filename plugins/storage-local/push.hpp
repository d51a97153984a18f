// What an upload asks for: the pieces of an image, and the bytes of each.
#pragma once

#include <optional>

#include "store.hpp"

namespace bulkhead::storage {

// storage.contents: what is referred to comes before what refers to it, as registries want it. With
// a platform only that variant. kNotFound if a piece isn't here.
Result<Json> list_contents(Store& store, const Digest& digest,
                           const std::optional<Platform>& platform);

struct OpenContent {
  UniqueFd fd;
  uint64_t size;
};
// storage.open
Result<OpenContent> open_content(const Store& store, const Digest& digest);

}  // namespace bulkhead::storage
