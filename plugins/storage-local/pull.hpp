// The rest of a pull: the disk is made while the layers arrive, and when all pieces are here they
// become an image.
//
// A disk is made of bytes that nobody has verified yet. It bears its name only when every layer was
// read to its end and was found to be what the manifest and the config promise: ArrivingSource ends
// with the digest of what was sent, LayerApplier with that of what was unpacked (the DiffID).
#pragma once

#include <optional>
#include <string>

#include "store.hpp"
#include "task.hpp"

namespace bulkhead::storage {

// storage.unpack: layers that haven't come are waited for.
Result<Json> unpack_arriving(Store& store, const Digest& manifest, const Task& task);

struct AdmitRequest {
  std::string reference;
  Descriptor root;
  std::optional<Platform> platform;  // without: of all
};

// storage.admit: all or nothing. kRetry if a piece isn't here.
Result<Json> admit_image(Store& store, const AdmitRequest& request, const Task& task);

}  // namespace bulkhead::storage
