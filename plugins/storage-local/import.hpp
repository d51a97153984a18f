// storage.import: a root file system's tar becomes an image of one layer. The layer is stored as it
// came, plain, gzip or zstd: recompressing would cost more than everything else together, and every
// tool reads all three. Other compressions, which images don't know, are taken off.
#pragma once

#include <string>

#include "bulkhead/platform.hpp"
#include "store.hpp"
#include "task.hpp"

namespace bulkhead::storage {

struct ImportOptions {
  std::string reference;  // may be empty
  Platform platform;
  Json config;          // Env, Cmd, Entrypoint, ... for the image's config
  std::string message;  // for its history
  std::string label;
  std::string created;  // RFC 3339
};

Result<Json> import_root(Store& store, int fd, const ImportOptions& options, const Task& task);

}  // namespace bulkhead::storage
