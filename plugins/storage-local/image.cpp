#include "image.hpp"

#include "bulkhead/printable.hpp"

namespace bulkhead::storage {
namespace {

constexpr int kDeepestIndex = 4;  // an index of indexes of ...

// One walk over an image; every document once, however often it is named.
class Reader {
 public:
  Reader(const Content& content, const Limits& limits, Image& image)
      : content_(content), limits_(limits), image_(image) {}

  Status visit(const Descriptor& descriptor, int depth) {
    if (!image_.content.insert(descriptor.digest).second) return {};
    Result<Json> document = content_.document(descriptor, limits_);
    if (!document) return tl::unexpected(std::move(document.error()));
    const Result<DocumentKind> kind = document_kind(*document);
    if (!kind) return fail(Error(kind.error()).context(descriptor.digest.brief()));
    switch (*kind) {
      case DocumentKind::kIndex:
        return visit_index(descriptor, *document, depth);
      case DocumentKind::kManifest:
        return visit_manifest(descriptor, *document);
      case DocumentKind::kOther:
        break;
    }
    return fail(Code::kCorrupt, descriptor.digest.brief() + " is neither an index nor a manifest");
  }

 private:
  Status visit_index(const Descriptor& descriptor, const Json& document, int depth) {
    if (depth >= kDeepestIndex) return fail(Code::kCorrupt, "indexes are nested too deep");
    const Result<Index> index = parse_index(document, limits_);
    if (!index) return fail(Error(index.error()).context("index " + descriptor.digest.brief()));
    for (const Descriptor& child : index->manifests) {
      if (!content_.has(child.digest)) {
        image_.missing.push_back("manifest " + child.digest.brief() + of_platform(child));
      } else if (Status visited = visit(child, depth + 1); !visited) {
        return visited;
      }
    }
    return {};
  }

  Status visit_manifest(const Descriptor& descriptor, const Json& document) {
    Result<Manifest> manifest = parse_manifest(document, limits_);
    if (!manifest)
      return fail(Error(manifest.error()).context("manifest " + descriptor.digest.brief()));
    bool complete = note(manifest->config, "config", descriptor);
    uint64_t bytes = descriptor.size + manifest->config.size;
    for (const Descriptor& layer : manifest->layers) {
      if (!note(layer, "layer", descriptor)) complete = false;
      if (const auto path = content_.find(layer.digest);
          path && size_of_file(*path) != layer.size) {
        return fail(Code::kCorrupt, "layer " + layer.digest.brief() + " has " +
                                        std::to_string(size_of_file(*path)) +
                                        " bytes, but the manifest promises " +
                                        std::to_string(layer.size));
      }
      bytes += layer.size;
    }
    if (!complete || !manifest->is_image) return {};
    return add_variant(descriptor, std::move(*manifest), bytes);
  }

  Status add_variant(const Descriptor& descriptor, Manifest manifest, uint64_t bytes) {
    image_.config_bytes += manifest.config.size;  // once per variant, as they are kept
    if (manifest.config.size > limits_.config_bytes ||
        image_.config_bytes > limits_.configs_bytes || image_.variants.size() >= limits_.variants) {
      return fail(Code::kCorrupt, "its configs are larger, or more, than any image's: the one of " +
                                      descriptor.digest.brief() + " has " +
                                      std::to_string(manifest.config.size) + " bytes");
    }
    Result<Json> document = content_.document(manifest.config, limits_);
    if (!document) return fail(std::move(document.error()).context("config"));
    Result<ImageConfig> config = parse_config(std::move(*document), limits_);
    if (!config)
      return fail(std::move(config.error()).context("config " + manifest.config.digest.brief()));
    // BuildKit's attestations look like images for the platform unknown/unknown.
    if (config->platform.os == "unknown") return {};
    if (config->diff_ids.size() != manifest.layers.size()) {
      return fail(Code::kCorrupt, "manifest " + descriptor.digest.brief() + " has " +
                                      std::to_string(manifest.layers.size()) +
                                      " layers, but its config lists " +
                                      std::to_string(config->diff_ids.size()));
    }
    Platform platform = descriptor.platform.value_or(config->platform);
    if (platform.os == "unknown") return {};
    image_.variants.push_back(
        {std::move(platform), descriptor, std::move(*config), std::move(manifest.layers), bytes});
    return {};
  }

  bool note(const Descriptor& blob, const std::string& what, const Descriptor& manifest) {
    if (content_.has(blob.digest)) {
      image_.content.insert(blob.digest);
      return true;
    }
    image_.missing.push_back(what + " " + blob.digest.brief() + of_platform(manifest));
    return false;
  }

  static std::string of_platform(const Descriptor& descriptor) {
    return descriptor.platform ? " of " + in_quotes(descriptor.platform->text()) : "";
  }

  const Content& content_;
  const Limits& limits_;
  Image& image_;
};

std::string type_of(const Json& document, DocumentKind kind) {
  const std::string type = string_or(document, "mediaType", "");
  if (!type.empty()) return type;
  return kind == DocumentKind::kIndex ? media_type::kIndex : media_type::kManifest;
}

}  // namespace

Json Variant::to_json() const {
  return {{"platform", platform.to_json()},
          {"digest", manifest.digest.text()},
          {"size", bytes},
          {"config", config.document}};
}

Result<Image> Image::read(const Content& content, const Digest& root, const Limits& limits) {
  const Result<Json> document = content.document(root, limits);
  if (!document) return tl::unexpected(document.error());
  const Result<DocumentKind> kind = document_kind(*document);
  if (!kind) return fail(Error(kind.error()).context(root.brief()));
  Image image{
      {type_of(*document, *kind), root, size_of_file(content.find(root).value_or(Path())), {}, {}},
      {},
      {},
      {},
      0};
  if (Status walked = Reader(content, limits, image).visit(image.descriptor, 0); !walked) {
    return tl::unexpected(std::move(walked.error()));
  }
  return image;
}

Result<const Variant*> Image::choose(const Platform& wanted, const std::string& name) const {
  const Variant* best = nullptr;
  std::string available;
  for (const Variant& variant : variants) {
    available += (available.empty() ? "" : ", ") + variant.platform.text();
    const int suits = suitability(variant.platform, wanted);
    if (suits > (best != nullptr ? suitability(best->platform, wanted) : 0)) best = &variant;
  }
  if (best != nullptr) return best;
  return fail(Code::kNotFound, "image " + name + " has no content for platform " + wanted.text() +
                                   "; available platforms: " +
                                   (available.empty() ? "none that is complete" : available));
}

std::string Image::created() const {
  for (const Variant& variant : variants) {
    if (!variant.config.created.empty()) return variant.config.created;
  }
  return "1970-01-01T00:00:00Z";  // what reproducible builds mean by an unknown time
}

Json Image::to_json(const std::string& reference) const {
  Json list = Json::array();
  for (const Variant& variant : variants) list.push_back(variant.to_json());
  Json value{{"descriptor", descriptor.to_json()},
             {"variants", std::move(list)},
             {"createdAt", created()}};
  if (!reference.empty()) value["reference"] = reference;
  return value;
}

}  // namespace bulkhead::storage
