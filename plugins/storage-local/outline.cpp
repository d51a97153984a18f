#include "outline.hpp"

#include <set>

#include "bulkhead/printable.hpp"

namespace bulkhead::storage {
namespace {

constexpr int kDeepestIndex = 4;                // an index of indexes of ...
constexpr const char* kNoPlatform = "unknown";  // BuildKit's attestations look like images for it

class Reader {
 public:
  Reader(const Content& content, const Limits& limits, Outline& outline)
      : content_(content), limits_(limits), outline_(outline) {}

  Status visit(const Descriptor& descriptor, int depth) {
    if (!seen_.insert(descriptor.digest).second) return {};
    if (!content_.has(descriptor.digest)) return note_absent(descriptor);
    document_bytes_ += descriptor.size;
    if (document_bytes_ > limits_.documents_bytes)
      return fail(Code::kCorrupt, "its indexes and manifests are larger than any image's");
    Result<Json> document = content_.document(descriptor, limits_);
    if (!document) return tl::unexpected(std::move(document.error()));
    const Result<DocumentKind> kind = document_kind(*document);
    if (!kind) return fail(Error(kind.error()).context(descriptor.digest.brief()));
    if (*kind == DocumentKind::kOther)
      return fail(Code::kCorrupt,
                  descriptor.digest.brief() + " is neither an index nor a manifest");
    if (Status agree = check_media_type(descriptor, *document, *kind); !agree)
      return fail(std::move(agree.error()).context(descriptor.digest.brief()));
    return *kind == DocumentKind::kIndex ? visit_index(descriptor, *document, depth)
                                         : visit_manifest(descriptor, *document);
  }

 private:
  Status note_absent(const Descriptor& descriptor) {
    if (is_index_type(descriptor.media_type)) {
      outline_.indexes.push_back({descriptor, false});
    } else {
      outline_.branches.push_back({descriptor, {}, {}});
    }
    return {};
  }

  Status visit_index(const Descriptor& descriptor, const Json& document, int depth) {
    if (depth >= kDeepestIndex) return fail(Code::kCorrupt, "indexes are nested too deep");
    const Result<Index> index = parse_index(document, limits_);
    if (!index) return fail(Error(index.error()).context("index " + descriptor.digest.brief()));
    if (Status few = count(index->manifests.size()); !few) return few;
    outline_.indexes.push_back({descriptor, true});
    for (const Descriptor& child : index->manifests) {
      if (Status visited = visit(child, depth + 1); !visited) return visited;
    }
    return {};
  }

  Status visit_manifest(const Descriptor& descriptor, const Json& document) {
    Result<Manifest> manifest = parse_manifest(document, limits_);
    if (!manifest)
      return fail(Error(manifest.error()).context("manifest " + descriptor.digest.brief()));
    if (Status few = count(1 + manifest->layers.size()); !few) return few;
    for (const Descriptor& layer : manifest->layers) {
      const auto path = content_.find(layer.digest);
      if (!path || size_of_file(*path) == layer.size) continue;
      return fail(Code::kCorrupt,
                  "layer " + layer.digest.brief() + " has " + std::to_string(size_of_file(*path)) +
                      " bytes, but the manifest promises " + std::to_string(layer.size));
    }
    Outline::Branch branch{descriptor, std::move(*manifest), {}};
    if (branch.document->is_image && content_.has(branch.document->config.digest)) {
      if (Status read = read_config(branch); !read) return read;
    }
    outline_.branches.push_back(std::move(branch));
    return {};
  }

  Status read_config(Outline::Branch& branch) {
    const Descriptor& descriptor = branch.document->config;
    config_bytes_ += descriptor.size;
    if (descriptor.size > limits_.config_bytes || config_bytes_ > limits_.configs_bytes ||
        configs_++ >= limits_.variants) {
      return fail(Code::kCorrupt, "its configs are larger, or more, than any image's: the one of " +
                                      branch.manifest.digest.brief() + " has " +
                                      std::to_string(descriptor.size) + " bytes");
    }
    Result<Json> document = content_.document(descriptor, limits_);
    if (!document) return fail(std::move(document.error()).context("config"));
    Result<ImageConfig> config = parse_config(std::move(*document), limits_);
    if (!config)
      return fail(std::move(config.error()).context("config " + descriptor.digest.brief()));
    if (config->platform.os != kNoPlatform &&
        config->diff_ids.size() != branch.document->layers.size()) {
      return fail(Code::kCorrupt, "manifest " + branch.manifest.digest.brief() + " has " +
                                      std::to_string(branch.document->layers.size()) +
                                      " layers, but its config lists " +
                                      std::to_string(config->diff_ids.size()));
    }
    branch.config = std::move(*config);
    return {};
  }

  // Descriptors are held in memory.
  Status count(size_t parts) {
    parts_ += parts;
    if (parts_ <= limits_.parts) return {};
    return fail(Code::kCorrupt, "it has more than " + std::to_string(limits_.parts) +
                                    " documents and layers, more than any image");
  }

  const Content& content_;
  const Limits& limits_;
  Outline& outline_;
  std::set<Digest> seen_;
  uint64_t parts_ = 0, document_bytes_ = 0, configs_ = 0, config_bytes_ = 0;
};

}  // namespace

const Platform* Outline::Branch::platform() const {
  if (manifest.platform) return &*manifest.platform;
  return config ? &config->platform : nullptr;
}

bool Outline::Branch::is_known_not_to_run() const {
  if (document && !document->is_image) return true;
  if (config && config->platform.os == kNoPlatform) return true;
  return manifest.platform && manifest.platform->os == kNoPlatform;
}

Result<Outline> Outline::read(const Content& content, const Descriptor& root,
                              const Limits& limits) {
  Outline outline;
  if (Status walked = Reader(content, limits, outline).visit(root, 0); !walked)
    return tl::unexpected(std::move(walked.error()));
  return outline;
}

Result<const Outline::Branch*> Outline::choose(const Platform& wanted,
                                               const std::string& name) const {
  for (const IndexPart& part : indexes) {
    if (!part.here) return nullptr;
  }
  std::vector<const Branch*> candidates;
  std::vector<Platform> platforms;
  for (const Branch& branch : branches) {
    if (branch.is_known_not_to_run()) continue;
    if (branch.platform() == nullptr) return nullptr;
    candidates.push_back(&branch);
    platforms.push_back(*branch.platform());
  }
  const Result<size_t> best = choose_platform(platforms, wanted, name);
  if (!best) return tl::unexpected(best.error());
  return candidates[*best];
}

Result<Descriptor> describe(const Content& content, const Digest& digest, const Limits& limits) {
  const Result<Json> document = content.document(digest, limits);
  if (!document) return tl::unexpected(document.error());
  const Result<DocumentKind> kind = document_kind(*document);
  if (!kind) return fail(Error(kind.error()).context(digest.brief()));
  const char* usual = *kind == DocumentKind::kIndex ? media_type::kIndex : media_type::kManifest;
  std::string type = string_or(*document, "mediaType", usual);
  return Descriptor{type.empty() ? usual : std::move(type),
                    digest,
                    size_of_file(content.find(digest).value_or(Path())),
                    {},
                    {}};
}

Result<size_t> choose_platform(const std::vector<Platform>& offered, const Platform& wanted,
                               const std::string& name) {
  size_t best = 0;
  int suits = 0;
  std::string available;
  for (size_t i = 0; i < offered.size(); ++i) {
    available += (available.empty() ? "" : ", ") + offered[i].text();
    if (const int how = suitability(offered[i], wanted); how > suits) {
      suits = how;
      best = i;
    }
  }
  if (suits > 0) return best;
  return fail(Code::kNotFound, "image " + name + " has no content for platform " + wanted.text() +
                                   "; available platforms: " +
                                   (available.empty() ? "none that is complete" : available));
}

}  // namespace bulkhead::storage
