// Layers in, one read-only ext4 disk out. The disk is written to a name of its own and only its
// owner makes it visible; when this fails, or isn't committed, nothing stays.
#pragma once

#include <string>
#include <vector>

#include "digest.hpp"
#include "file_io.hpp"
#include "layer.hpp"
#include "limits.hpp"
#include "task.hpp"

namespace bulkhead::storage {

class ImageDisk {
 public:
  struct Options {
    Digest identity;  // what the disk's own identifiers are made from: the manifest's digest
    bool skip_refused = false;
  };
  // All layers, applied in order, as an ext4 image at `path` (which ends in .tmp).
  static Result<ImageDisk> build(const Path& path, const std::vector<LayerSource>& layers,
                                 const Options& options, const Limits& limits, const Task& task);

  ImageDisk(ImageDisk&& other) noexcept
      : path_(std::exchange(other.path_, {})),
        fd_(std::move(other.fd_)),
        diff_ids_(std::move(other.diff_ids_)),
        skipped_(std::move(other.skipped_)) {}
  ImageDisk& operator=(ImageDisk&&) = delete;
  ~ImageDisk();

  const std::vector<Digest>& diff_ids() const { return diff_ids_; }
  const std::vector<std::string>& skipped() const { return skipped_; }

  // Syncs the disk and gives it its name.
  Status commit(const Path& final_path);

 private:
  ImageDisk(Path path, UniqueFd fd) : path_(std::move(path)), fd_(std::move(fd)) {}

  Path path_;  // empty once committed
  UniqueFd fd_;
  std::vector<Digest> diff_ids_;
  std::vector<std::string> skipped_;
};

}  // namespace bulkhead::storage
