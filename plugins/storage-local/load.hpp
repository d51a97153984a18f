// storage.load: an image archive becomes images. Everything is received, verified and unpacked
// before the first byte of it is visible; a failure leaves nothing.
#pragma once

#include <string>

#include "store.hpp"
#include "task.hpp"

namespace bulkhead::storage {

struct LoadOptions {
  std::string label;   // the archive's file name, for messages and to complete bare tags
  bool force = false;  // members that would be refused are left out and listed
};

Result<Json> load_archive(Store& store, int fd, const LoadOptions& options, const Task& task);

}  // namespace bulkhead::storage
