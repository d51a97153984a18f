#include "save.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "bulkhead/printable.hpp"
#include "bulkhead/reference.hpp"
#include "image.hpp"
#include "tar_writer.hpp"

namespace bulkhead::storage {
namespace {

std::string member_of(const Digest& digest) {
  return "blobs/sha256/" + digest.hex();
}

class Saver {
 public:
  Saver(Store& store, const std::optional<Platform>& platform, const Task& task)
      : store_(store), platform_(platform), task_(task), pin_(store.content) {}

  Status add(const SavedImage& saved) {
    pin_.add(saved.digest);
    const std::string name = saved.reference.empty() ? saved.digest.brief() : saved.reference;
    Result<Image> image = Image::read(store_.content, saved.digest, store_.limits);
    if (!image) return fail(std::move(image.error()).context("image " + name));
    for (const Digest& digest : image->content) pin_.add(digest);
    const Result<const Variant*> variant = image->choose(platform_.value_or(store_.host), name);
    if (platform_ && !variant) return tl::unexpected(variant.error());
    add_to_index(platform_ ? (*variant)->manifest : image->descriptor, saved.reference);
    if (platform_) {
      Result<Image> alone = Image::read(store_.content, (*variant)->manifest.digest, store_.limits);
      if (!alone) return tl::unexpected(std::move(alone.error()));
      blobs_.insert(alone->content.begin(), alone->content.end());
    } else {
      blobs_.insert(image->content.begin(), image->content.end());
    }
    if (variant) return add_to_docker_list(**variant, saved.reference);
    return image->variants.empty() ? Status{}
                                   : add_to_docker_list(image->variants.front(), saved.reference);
  }

  Result<uint64_t> write(int fd) {
    TarWriter tar(fd, task_);
    Status done = tar.open();
    if (done) done = tar.add("oci-layout", R"({"imageLayoutVersion":"1.0.0"})");
    if (done)
      done = tar.add("index.json", dump_json({{"schemaVersion", 2},
                                              {"mediaType", media_type::kIndex},
                                              {"manifests", index_}}));
    if (done) done = tar.add("manifest.json", dump_json(docker_list_));
    size_t count = 0;
    for (const Digest& digest : blobs_) {
      if (!done) break;
      task_.progress(count++, blobs_.size(), "writing");
      const std::optional<Path> path = store_.content.find(digest);
      done = path ? tar.add_file(member_of(digest), *path)
                  : fail(Code::kNotFound, digest.brief() + " was removed meanwhile");
    }
    if (done) done = tar.close();
    if (!done) return tl::unexpected(std::move(done.error()));
    return tar.written();
  }

 private:
  void add_to_index(const Descriptor& descriptor, const std::string& reference) {
    Json entry = descriptor.to_json();
    if (!reference.empty()) {
      entry["annotations"] = {{annotation::kRefName, reference},
                              {annotation::kImageName, reference}};
    }
    if (std::find(index_.begin(), index_.end(), entry) == index_.end())
      index_.push_back(std::move(entry));
  }

  // docker load before version 25 reads only this, and wants the names as its users type them.
  Status add_to_docker_list(const Variant& variant, const std::string& reference) {
    const Result<Json> document = store_.content.document(variant.manifest, store_.limits);
    if (!document) return tl::unexpected(document.error());
    const Result<Manifest> manifest = parse_manifest(*document, store_.limits);
    if (!manifest) return tl::unexpected(manifest.error());
    Json layers = Json::array();
    for (const Descriptor& layer : variant.layers) layers.push_back(member_of(layer.digest));
    const Json entry{{"Config", member_of(manifest->config.digest)},
                     {"Layers", std::move(layers)},
                     {"RepoTags", Json::array()}};
    auto same = std::find_if(docker_list_.begin(), docker_list_.end(),
                             [&](const Json& e) { return e["Config"] == entry["Config"]; });
    if (same == docker_list_.end()) {
      docker_list_.push_back(entry);
      same = docker_list_.end() - 1;
    }
    if (const Result<Reference> name = parse_reference(reference))
      (*same)["RepoTags"].push_back(name->familiar());
    return {};
  }

  Store& store_;
  const std::optional<Platform>& platform_;
  const Task& task_;
  ContentStore::Pin pin_;
  Json index_ = Json::array();
  Json docker_list_ = Json::array();
  std::set<Digest> blobs_;
};

}  // namespace

Result<uint64_t> save_images(Store& store, const std::vector<SavedImage>& images,
                             const std::optional<Platform>& platform, int fd, const Task& task) {
  Saver saver(store, platform, task);
  for (const SavedImage& image : images) {
    if (Status added = saver.add(image); !added)
      return fail(std::move(added.error()).context("save"));
  }
  Result<uint64_t> bytes = saver.write(fd);
  if (!bytes) return fail(std::move(bytes.error()).context("save"));
  return bytes;
}

}  // namespace bulkhead::storage
