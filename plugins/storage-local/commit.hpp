// The last step of load, import and pull: disks, content and names become visible, all or (short of
// a crash) none.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "image.hpp"
#include "image_disk.hpp"
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

// `files` are verified content outside of the store. What these images consist of is moved from
// there; if it fails, it is there again.
Status commit_images(Store& store, const std::map<Digest, Path>& files,
                     const std::vector<NewImage>& images, std::vector<NewDisk>& disks);

// One Image of METHODS.md per reference.
Json image_list(const std::vector<NewImage>& images);

}  // namespace bulkhead::storage
