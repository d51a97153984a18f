#include "import.hpp"

#include "bulkhead/printable.hpp"
#include "bulkhead/reference.hpp"
#include "commit.hpp"
#include "decoded_source.hpp"
#include "ingest.hpp"
#include "variant_disk.hpp"

namespace bulkhead::storage {
namespace {

struct StoredLayer {
  Received blob;
  std::string media_type;
};

class Importer {
 public:
  Importer(Store& store, const ImportOptions& options, const Task& task)
      : store_(store),
        options_(options),
        task_(task),
        ingest_(store.content, store.layout, store.limits, task) {}

  Result<Json> import(int fd) {
    std::vector<std::string> references;
    if (!options_.reference.empty()) {
      const Result<Reference> reference = parse_reference(options_.reference);
      if (!reference) return tl::unexpected(reference.error());
      references.push_back(reference->text());
    }
    Result<StoredLayer> layer = receive(fd);
    if (!layer) return tl::unexpected(std::move(layer.error()));
    Result<ImageDisk> disk =
        unpack_layers(store_, {{"the archive", open_file(*ingest_.find(layer->blob.digest)), {}}},
                      Digest::of(bytes_of(layer->blob.digest.hex())), false, task_);
    if (!disk) return tl::unexpected(std::move(disk.error()));
    Result<Digest> manifest = write_manifest(*layer, disk->diff_ids().front());
    if (!manifest) return tl::unexpected(std::move(manifest.error()));
    Result<Image> image = Image::read(ingest_, *manifest, store_.limits);
    if (!image) return tl::unexpected(std::move(image.error()));
    std::vector<NewImage> images;
    images.push_back({std::move(*image), std::move(references)});
    std::vector<NewDisk> disks;
    disks.push_back({std::move(*disk), *manifest});
    if (Status committed = commit_images(store_, ingest_.received(), images, disks); !committed) {
      return tl::unexpected(std::move(committed.error()));
    }
    return Json{{"image", image_list(images).front()}};
  }

 private:
  Result<StoredLayer> receive(int fd) {
    FdSource source(fd, task_);
    Result<Received> raw = ingest_.receive(source);
    if (!raw) return tl::unexpected(std::move(raw.error()));
    if (raw->size == 0) return fail(Code::kCorrupt, "it is empty");
    Result<UniqueFd> file = open_for_reading(*ingest_.find(raw->digest));
    if (!file) return tl::unexpected(std::move(file.error()));
    FdSource stored(file->get(), task_);
    DecodedSource decoded(stored);
    if (Status opened = decoded.open(true); !opened)
      return tl::unexpected(std::move(opened.error()));
    switch (decoded.compression()) {
      case Compression::kNone:
        return StoredLayer{std::move(*raw), media_type::kLayer};
      case Compression::kGzip:
        return StoredLayer{std::move(*raw), std::string(media_type::kLayer) + "+gzip"};
      case Compression::kZstd:
        return StoredLayer{std::move(*raw), std::string(media_type::kLayer) + "+zstd"};
      default:
        break;
    }
    Result<Received> plain = ingest_.receive(decoded);
    if (!plain) return tl::unexpected(std::move(plain.error()));
    return StoredLayer{std::move(*plain), media_type::kLayer};
  }

  Json config_document(const Digest& diff_id) const {
    Json document = options_.platform.to_json();
    document["created"] = options_.created;
    document["config"] = options_.config.is_object() ? options_.config : Json::object();
    document["rootfs"] = {{"type", "layers"}, {"diff_ids", {diff_id.text()}}};
    Json step{{"created", options_.created}, {"created_by", "container image import"}};
    if (!options_.message.empty()) step["comment"] = options_.message;
    document["history"] = Json::array({std::move(step)});
    return document;
  }

  Result<Digest> write_manifest(const StoredLayer& layer, const Digest& diff_id) {
    Result<Received> config = ingest_.receive(bytes_of(dump_json(config_document(diff_id))));
    if (!config) return tl::unexpected(std::move(config.error()));
    const auto descriptor = [](const std::string& type, const Received& blob) {
      return Json{{"mediaType", type}, {"digest", blob.digest.text()}, {"size", blob.size}};
    };
    const Json manifest{{"schemaVersion", 2},
                        {"mediaType", media_type::kManifest},
                        {"config", descriptor(media_type::kConfig, *config)},
                        {"layers", Json::array({descriptor(layer.media_type, layer.blob)})}};
    Result<Received> received = ingest_.receive(bytes_of(dump_json(manifest)));
    if (!received) return tl::unexpected(std::move(received.error()));
    return std::move(received->digest);
  }

  Store& store_;
  const ImportOptions& options_;
  const Task& task_;
  Ingest ingest_;
};

}  // namespace

Result<Json> import_root(Store& store, int fd, const ImportOptions& options, const Task& task) {
  Result<Json> imported = Importer(store, options, task).import(fd);
  if (imported) return imported;
  return fail(std::move(imported.error()).context("import " + in_quotes(options.label)));
}

}  // namespace bulkhead::storage
