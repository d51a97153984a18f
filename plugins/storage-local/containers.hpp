// What the store keeps per container: its writable disk. The image disk is shared and belongs to
// the image.
#pragma once

#include <string>
#include <vector>

#include "bulkhead/json.hpp"
#include "bulkhead/platform.hpp"
#include "store.hpp"
#include "task.hpp"

namespace bulkhead::storage {

// Ids become file names: [A-Za-z0-9._-], at most 128, not only dots.
Result<std::string> container_id(const Json& request);

struct ContainerRequest {
  std::string id;
  Digest image;
  Platform platform;
  uint64_t writable_bytes;
};

// The image's variant as a disk; the answer of storage.prepare.
Result<Json> prepare_image(Store& store, const Digest& digest, const Platform& platform,
                           const Task& task);
// That and the container's writable disk, which stays as it is if there is one already.
Result<Json> create_container(Store& store, const ContainerRequest& request, const Task& task);
uint64_t delete_container(Store& store, const std::string& id);  // allocated bytes that went
Json inspect_container(const Store& store, const std::string& id);
std::vector<std::string> list_containers(const Store& store);

}  // namespace bulkhead::storage
