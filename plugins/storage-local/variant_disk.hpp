// The disk of one variant of an image: disks/<manifest hex>.ext4, made from its layers when it is
// first needed. Two operations that make the same disk at once make the same bytes, and the later
// rename replaces the earlier file, which virtual machines that have it open keep.
#pragma once

#include <functional>

#include "image.hpp"
#include "image_disk.hpp"
#include "store.hpp"

namespace bulkhead::storage {

// How a layer's bytes are come by.
using OpenLayer = std::function<Result<LayerSource::Open>(const Digest& layer)>;
OpenLayer from(const Content& content);  // which has them all

// Unpacks the layers; nothing is visible until ImageDisk::commit.
Result<ImageDisk> unpack_variant(const Store& store, const OpenLayer& open, const Variant& variant,
                                 bool skip_refused, const Task& task);
Result<ImageDisk> unpack_layers(const Store& store, const std::vector<LayerSource>& layers,
                                const Digest& identity, bool skip_refused, const Task& task);

bool has_disk(const Store& store, const Variant& variant);
// Makes the disk if there is none. Its path.
Result<Path> ensure_disk(Store& store, const OpenLayer& open, const Variant& variant,
                         const Task& task);

}  // namespace bulkhead::storage
