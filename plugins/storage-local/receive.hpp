// storage.receive: one piece of an image comes through a pipe, is hashed as it passes, and is kept
// in incoming/ (layout.hpp), whole or as far as it came.
//
// Content that was cut off goes on where it stopped. What is there is hashed again for that: the
// state of a hash isn't kept, and reading is ten times faster than any network.
#pragma once

#include "store.hpp"
#include "task.hpp"

namespace bulkhead::storage {

struct ReceiveRequest {
  Descriptor content;
  bool is_document;  // an index or manifest, which will be read into memory
  uint64_t offset;   // of the first byte that the pipe brings
};

// The bytes that are here now. kCorrupt: it isn't what the descriptor says, and nothing is kept;
// kRetry: it is shorter, and what came is kept, as with every other failure.
Result<uint64_t> receive_content(Store& store, const ReceiveRequest& request, int fd,
                                 const Task& task);

}  // namespace bulkhead::storage
