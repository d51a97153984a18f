#include "variant_disk.hpp"

#include <unistd.h>

#include <atomic>

namespace bulkhead::storage {
namespace {

std::atomic<uint64_t> next_number{1};

}  // namespace

Result<ImageDisk> unpack_layers(const Store& store, const std::vector<LayerSource>& layers,
                                const Digest& identity, bool skip_refused, const Task& task) {
  const Path path = store.layout.disks() / (std::to_string(next_number++) + ".tmp");
  return ImageDisk::build(path, layers, {identity, skip_refused}, store.limits, task);
}

OpenLayer from(const Content& content) {
  return [&content](const Digest& layer) -> Result<LayerSource::Open> {
    const std::optional<Path> path = content.find(layer);
    if (!path) return fail(Code::kNotFound, "it isn't there");
    return open_file(*path);
  };
}

Result<ImageDisk> unpack_variant(const Store& store, const OpenLayer& open, const Variant& variant,
                                 bool skip_refused, const Task& task) {
  std::vector<LayerSource> layers;
  std::string all;
  for (size_t i = 0; i < variant.layers.size(); ++i) {
    const Digest& digest = variant.layers[i].digest;
    const std::string what = "layer " + std::to_string(i + 1) + " of " +
                             std::to_string(variant.layers.size()) + " (" + digest.brief() + ")";
    Result<LayerSource::Open> layer = open(digest);
    if (!layer) return fail(std::move(layer.error()).context(what));
    layers.push_back({what, std::move(*layer), variant.config.diff_ids[i]});
    all += digest.hex();
  }
  return unpack_layers(store, layers, Digest::of(bytes_of(all)), skip_refused, task);
}

bool has_disk(const Store& store, const Variant& variant) {
  return ::access(store.layout.disk(variant.manifest.digest).c_str(), R_OK) == 0;
}

Result<Path> ensure_disk(Store& store, const OpenLayer& open, const Variant& variant,
                         const Task& task) {
  const Path path = store.layout.disk(variant.manifest.digest);
  if (has_disk(store, variant)) return path;
  Result<ImageDisk> disk = unpack_variant(store, open, variant, false, task);
  if (!disk) return tl::unexpected(std::move(disk.error()));
  const std::lock_guard lock(store.commit);
  if (Status committed = disk->commit(path); !committed)
    return tl::unexpected(std::move(committed.error()));
  return path;
}

}  // namespace bulkhead::storage
