// What a foreign archive may ask for. An image is made by strangers: each number here bounds one
// way in which a small file could fill the host's disk or memory, and stands far above what real
// images need (the largest public ones have tens of gigabytes and less than two million files).
// Tests inject small numbers.
#pragma once

#include <cstdint>

namespace bulkhead::storage {

inline constexpr uint64_t kKiB = 1024;
inline constexpr uint64_t kMiB = 1024 * kKiB;
inline constexpr uint64_t kGiB = 1024 * kMiB;

struct Limits {
  uint64_t document_bytes = 8 * kMiB;    // an index, manifest or config: they are read into memory
  uint64_t documents_bytes = 64 * kMiB;  // ... and all of an image: they are read again and again
  uint64_t config_bytes = kMiB;          // one config ...
  uint64_t configs_bytes = 3 * kMiB;     // ... and all of an image: they go into the journal
  uint64_t told_bytes = 12 * kMiB;       // configs in an answer, which repeats them for each name
  uint64_t variants = 256;               // of an image
  uint64_t archive_members = 100'000;    // members of an image archive ...
  uint64_t archive_names = 64 * kMiB;    // ... and their names and link targets, all together
  uint64_t references = 1024;            // names that one archive gives to its images
  uint64_t manifests = 4096;             // entries of an index
  uint64_t layers = 1024;                // layers of a manifest (overlay drivers stop at 128)
  uint64_t parts = 16384;                // documents and layers of all an image's variants
  uint64_t blob_bytes = 128 * kGiB;      // one layer as it is sent
  uint64_t image_bytes = 256 * kGiB;     // all files of an image, holes counted; all it is sent as
  uint64_t image_inodes = 10'000'000;    // all files of an image
  uint64_t metadata_bytes =
      2 * kGiB;                // names, link targets and attributes: they are held in memory
  uint64_t bomb_bytes = kGiB;  // a layer larger than this ...
  uint64_t bomb_ratio = 1000;  // ... and more than this times its compressed size is no layer
  uint64_t host_reserve_bytes =
      64 * kMiB;  // what must stay free on the host: the journal lives there too
};

}  // namespace bulkhead::storage
