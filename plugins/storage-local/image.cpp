#include "image.hpp"

#include "bulkhead/printable.hpp"

namespace bulkhead::storage {
namespace {

std::string of_platform(const Descriptor& descriptor) {
  return descriptor.platform ? " of " + in_quotes(descriptor.platform->text()) : "";
}

// Adds what an outline's branch has to the image: a variant if all of it is here.
class Gatherer {
 public:
  Gatherer(const Content& content, Image& image) : content_(content), image_(image) {}

  void add(Outline::Branch branch) {
    if (!branch.document) {
      image_.missing.push_back("manifest " + branch.manifest.digest.brief() +
                               of_platform(branch.manifest));
      return;
    }
    image_.content.insert(branch.manifest.digest);
    Manifest& manifest = *branch.document;
    bool complete = note(manifest.config, "config", branch.manifest);
    uint64_t bytes = branch.manifest.size + manifest.config.size;
    for (const Descriptor& layer : manifest.layers) {
      if (!note(layer, "layer", branch.manifest)) complete = false;
      bytes += layer.size;
    }
    if (!complete || !branch.config || branch.is_known_not_to_run()) return;
    image_.config_bytes += manifest.config.size;  // once per variant, as they are kept
    Platform platform = *branch.platform();
    image_.variants.push_back({std::move(platform), std::move(branch.manifest),
                               std::move(*branch.config), std::move(manifest.layers), bytes});
  }

 private:
  bool note(const Descriptor& blob, const std::string& what, const Descriptor& manifest) {
    if (content_.has(blob.digest)) {
      image_.content.insert(blob.digest);
      return true;
    }
    image_.missing.push_back(what + " " + blob.digest.brief() + of_platform(manifest));
    return false;
  }

  const Content& content_;
  Image& image_;
};

}  // namespace

Json Variant::to_json() const {
  return {{"platform", platform.to_json()},
          {"digest", manifest.digest.text()},
          {"size", bytes},
          {"config", config.document}};
}

Result<Image> Image::read(const Content& content, const Digest& root, const Limits& limits) {
  Result<Descriptor> descriptor = describe(content, root, limits);
  if (!descriptor) return tl::unexpected(std::move(descriptor.error()));
  Result<Outline> outline = Outline::read(content, *descriptor, limits);
  if (!outline) return tl::unexpected(std::move(outline.error()));
  Image image{std::move(*descriptor), {}, {}, {}, 0};
  for (const auto& [index, here] : outline->indexes) {
    if (here) {
      image.content.insert(index.digest);
    } else {
      image.missing.push_back("index " + index.digest.brief() + of_platform(index));
    }
  }
  Gatherer gatherer(content, image);
  for (Outline::Branch& branch : outline->branches) gatherer.add(std::move(branch));
  return image;
}

Result<const Variant*> Image::choose(const Platform& wanted, const std::string& name) const {
  std::vector<Platform> platforms;
  for (const Variant& variant : variants) platforms.push_back(variant.platform);
  const Result<size_t> best = choose_platform(platforms, wanted, name);
  if (!best) return tl::unexpected(best.error());
  return &variants[*best];
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
