// Two layers from anywhere, merged and written as a disk. Whatever they hold, the answer is a disk
// or a reason, and the reason is never "internal": that would mean that libext2fs was handed
// something impossible.
#include <unistd.h>

#include <cstdlib>
#include <string>

#include "ext4_image.hpp"
#include "layer.hpp"
#include "tar_repair.hpp"

using namespace bulkhead;
using namespace bulkhead::storage;

namespace {

Limits small_limits() {
  Limits limits;
  limits.image_bytes = 16 * kMiB;
  limits.image_inodes = 2000;
  limits.metadata_bytes = 4 * kMiB;
  limits.host_reserve_bytes = 0;
  return limits;
}

Status build(const std::string& first, const std::string& second, const Path& path) {
  const Limits limits = small_limits();
  const Task task;
  Result<DataArea> area = DataArea::create(path, limits);
  if (!area) return tl::unexpected(std::move(area.error()));
  FileTree tree(limits);
  LayerApplier applier(tree, *area, limits, task);
  applier.skip_refused();
  for (const std::string& tar : {first, second}) {
    MemorySource source(bytes_of(tar));
    // What came before the damage is still a tree that can be written.
    if (Status applied = applier.apply_archive(source);
        !applied && applied.error().code == Code::kInternal)
      return applied;
  }
  return write_ext4_image(tree, *area, Digest::of(bytes_of("fuzz")));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const Path path = "/dev/shm/layer-fuzzer-" + std::to_string(::getpid());
  const std::string tar = repaired_tar(data, size);
  const size_t half = tar.size() / 1024 * 512;
  if (const Status built = build(tar.substr(0, half), tar.substr(half), path); !built) {
    if (built.error().code == Code::kInternal) std::abort();
  }
  ::unlink(path.c_str());
  return 0;
}
