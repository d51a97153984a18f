// The last step of load and import: disks, content and names become visible, all or (short of a
// crash) none.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "image.hpp"
#include "image_disk.hpp"
#include "ingest.hpp"
#include "store.hpp"

namespace bulkhead::storage {

struct NewImage {
  Image image;
  std::vector<std::string> references;  // none: it is kept without a name
};

struct NewDisk {
  ImageDisk disk;
  Digest manifest;
};

Status commit_images(Store& store, Ingest& ingest, const std::vector<NewImage>& images,
                     std::vector<NewDisk>& disks);

// One Image of METHODS.md per reference.
Json image_list(const std::vector<NewImage>& images);

}  // namespace bulkhead::storage
