#include "image_disk.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "data_area.hpp"
#include "ext4_image.hpp"
#include "file_tree.hpp"

namespace bulkhead::storage {

Result<ImageDisk> ImageDisk::build(const Path& path, const std::vector<LayerSource>& layers,
                                   const Options& options, const Limits& limits, const Task& task) {
  Result<DataArea> area = DataArea::create(path, limits);
  if (!area) return tl::unexpected(std::move(area.error()));
  ImageDisk disk(path, UniqueFd(::fcntl(area->fd(), F_DUPFD_CLOEXEC, 0)));
  if (!disk.fd_) return fail_errno("keep " + path.string() + " open", errno);
  FileTree tree(limits);
  LayerApplier applier(tree, *area, limits, task);
  if (options.skip_refused) applier.skip_refused();
  for (const LayerSource& layer : layers) {
    Result<Digest> diff_id = applier.apply(layer);
    if (!diff_id) return tl::unexpected(std::move(diff_id.error()));
    disk.diff_ids_.push_back(std::move(*diff_id));
  }
  disk.skipped_ = applier.skipped();
  if (Status written = write_ext4_image(tree, *area, options.identity); !written)
    return tl::unexpected(std::move(written.error()));
  return disk;
}

ImageDisk::~ImageDisk() {
  if (!path_.empty()) ::unlink(path_.c_str());
}

Status ImageDisk::commit(const Path& final_path) {
  if (Status synced = sync_file(fd_.get(), path_.string()); !synced) return synced;
  if (Status renamed = rename_file(path_, final_path); !renamed) return renamed;
  path_.clear();
  return sync_directory(final_path.parent_path());
}

}  // namespace bulkhead::storage
