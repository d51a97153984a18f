#include "image_archive.hpp"

#include <unistd.h>

#include <algorithm>
#include <cctype>

#include "bulkhead/printable.hpp"
#include "bulkhead/reference.hpp"
#include "decoded_source.hpp"

namespace bulkhead::storage {
namespace {

// "latest", "v1.2" or "12-slim": what people call a version. Any other bare word in an archive is
// taken for a name, because that is what `skopeo copy ... oci-archive:file:web` means by it.
bool looks_like_tag(std::string_view word) {
  if (word.find_first_of("/:@") != std::string_view::npos) return false;
  if (word == "latest") return true;
  if (word.starts_with('v')) word.remove_prefix(1);
  return !word.empty() && std::isdigit(static_cast<unsigned char>(word.front())) != 0;
}

std::string base_name(std::string_view label) {
  label = label.substr(label.find_last_of('/') + 1);
  return std::string(label.substr(0, label.find('.')));
}

class Names {
 public:
  Names(const std::string& label, ArchivedImages& found, const Limits& limits)
      : label_(label), found_(found), limits_(limits) {}

  // Past the limit they are only counted: the archive will be refused.
  void add(NamedImage& image, const std::string& name) const {
    if (++found_.names > limits_.references) return;
    const std::string full = looks_like_tag(name) ? base_name(label_) + ":" + name : name;
    const Result<Reference> reference = parse_reference(full);
    if (!reference || reference->tag.empty()) {
      found_.notes.push_back("name " + in_quotes(name) + ": " +
                             (reference ? "it has no tag" : reference.error().message));
      return;
    }
    Reference tagged = *reference;
    tagged.digest.clear();
    const std::string text = tagged.text();
    if (std::find(image.references.begin(), image.references.end(), text) ==
        image.references.end()) {
      image.references.push_back(text);
    }
  }

 private:
  const std::string& label_;
  ArchivedImages& found_;
  const Limits& limits_;
};

NamedImage& entry_for(ArchivedImages& found, const Digest& digest) {
  const auto same = std::find_if(found.images.begin(), found.images.end(),
                                 [&](const NamedImage& i) { return i.digest == digest; });
  if (same != found.images.end()) return *same;
  return found.images.emplace_back(NamedImage{digest, {}});
}

Result<ArchivedImages> read_oci(const Json& document, const std::string& label,
                                const Limits& limits) {
  const Result<Index> index = parse_index(document, limits);
  if (!index) return tl::unexpected(index.error());
  ArchivedImages found;
  const Names names(label, found, limits);
  for (const Descriptor& descriptor : index->manifests) {
    NamedImage& image = entry_for(found, descriptor.digest);
    // containerd and Docker write the full name into the first, and only the tag into the second.
    for (const char* key : {annotation::kImageName, annotation::kRefName}) {
      const auto name = descriptor.annotations.find(key);
      if (name == descriptor.annotations.end() || name->second.empty()) continue;
      names.add(image, name->second);
      break;
    }
  }
  return found;
}

// A docker-archive's images, converted one by one.
class DockerReader {
 public:
  DockerReader(const ArchiveContents& contents, Ingest& ingest, const Limits& limits)
      : contents_(contents), ingest_(ingest), limits_(limits) {}

  Result<Digest> convert(const Json& item) const {
    const Result<const Received*> config = file(item, "Config");
    if (!config) return tl::unexpected(config.error());
    Result<Json> layers = layer_list(item);
    if (!layers) return tl::unexpected(std::move(layers.error()));
    const Json manifest{{"schemaVersion", 2},
                        {"mediaType", media_type::kManifest},
                        {"config", descriptor(media_type::kConfig, **config)},
                        {"layers", std::move(*layers)}};
    Result<Received> received = ingest_.receive(bytes_of(dump_json(manifest)));
    if (!received) return tl::unexpected(std::move(received.error()));
    return std::move(received->digest);
  }

 private:
  static Json descriptor(const std::string& type, const Received& blob) {
    return {{"mediaType", type}, {"digest", blob.digest.text()}, {"size", blob.size}};
  }

  Result<const Received*> file(const Json& item, const char* key) const {
    const Result<std::string> name = string_at(item, key);
    if (!name) return fail(Code::kCorrupt, name.error().message);
    return file(*name);
  }

  Result<const Received*> file(const std::string& name) const {
    if (const Received* found = contents_.find(name)) return found;
    return fail(Code::kCorrupt, "it names " + in_quotes(name) + ", which isn't in the archive");
  }

  Result<Json> layer_list(const Json& item) const {
    const auto listed = item.find("Layers");
    if (listed == item.end() || !listed->is_array())
      return fail(Code::kCorrupt, "an image has no list of Layers");
    if (listed->size() > limits_.layers) {
      return fail(Code::kCorrupt,
                  "an image has more than " + std::to_string(limits_.layers) + " layers");
    }
    Json layers = Json::array();
    for (const Json& name : *listed) {
      if (!name.is_string()) return fail(Code::kCorrupt, "an image's Layers aren't strings");
      const Result<const Received*> layer = file(name.get_ref<const std::string&>());
      if (!layer) return tl::unexpected(layer.error());
      Result<std::string> type = layer_type(**layer);
      if (!type) return tl::unexpected(std::move(type.error()));
      layers.push_back(descriptor(*type, **layer));
    }
    return layers;
  }

  Result<std::string> layer_type(const Received& layer) const {
    Result<UniqueFd> fd = open_for_reading(*ingest_.find(layer.digest));
    if (!fd) return tl::unexpected(std::move(fd.error()));
    std::byte head[8];
    const ssize_t n = ::read(fd->get(), head, sizeof head);
    switch (detect_compression(Bytes(head, n > 0 ? static_cast<size_t>(n) : 0))) {
      case Compression::kGzip:
        return std::string(media_type::kLayer) + "+gzip";
      case Compression::kZstd:
        return std::string(media_type::kLayer) + "+zstd";
      default:
        return std::string(media_type::kLayer);
    }
  }

  const ArchiveContents& contents_;
  Ingest& ingest_;
  const Limits& limits_;
};

Result<ArchivedImages> read_docker(const Json& list, const ArchiveContents& contents,
                                   Ingest& ingest, const std::string& label, const Limits& limits) {
  if (!list.is_array() || list.size() > limits.manifests)
    return fail(Code::kCorrupt, "it isn't a list of images");
  const DockerReader reader(contents, ingest, limits);
  ArchivedImages found;
  const Names names(label, found, limits);
  for (const Json& item : list) {
    Result<Digest> digest = reader.convert(item);
    if (!digest) return tl::unexpected(std::move(digest.error()));
    NamedImage& image = entry_for(found, *digest);
    const auto tags = item.find("RepoTags");
    if (tags == item.end() || !tags->is_array()) continue;
    for (const Json& tag : *tags) {
      if (tag.is_string()) names.add(image, tag.get_ref<const std::string&>());
    }
  }
  return found;
}

Result<Json> read_json(const Received& file, const Ingest& ingest, const Limits& limits) {
  Result<std::string> text = read_small_file(*ingest.find(file.digest), limits.document_bytes);
  if (!text) return fail(Code::kCorrupt, "it is larger than any such document");
  Result<Json> document = parse_json(*text);
  if (!document) return fail(Code::kCorrupt, document.error().message);
  return document;
}

}  // namespace

Result<ArchivedImages> read_image_archive(const ArchiveContents& contents, Ingest& ingest,
                                          const std::string& label, const Limits& limits) {
  const Received* index = contents.find("index.json");
  const Received* list = contents.find("manifest.json");
  if (index == nullptr && list == nullptr) {
    return fail(
        Code::kCorrupt,
        "it is no image archive: it has neither index.json (OCI) nor manifest.json (docker save)",
        "a root file system becomes an image with 'container image import'");
  }
  const char* name = index != nullptr ? "index.json" : "manifest.json";
  Result<Json> document = read_json(index != nullptr ? *index : *list, ingest, limits);
  if (!document) return fail(std::move(document.error()).context(name));
  Result<ArchivedImages> found = index != nullptr
                                     ? read_oci(*document, label, limits)
                                     : read_docker(*document, contents, ingest, label, limits);
  if (!found) return fail(std::move(found.error()).context(name));
  if (found->images.empty()) return fail(Code::kCorrupt, std::string(name) + " names no image");
  if (found->names > limits.references) {
    return fail(Code::kCorrupt, std::string(name) + " gives its images more than " +
                                    std::to_string(limits.references) + " names");
  }
  return found;
}

}  // namespace bulkhead::storage
