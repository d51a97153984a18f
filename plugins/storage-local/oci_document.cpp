#include "oci_document.hpp"

#include "bulkhead/printable.hpp"

namespace bulkhead::storage {
namespace {

Failure corrupt(Error error, const std::string& where) {
  if (error.code == Code::kInvalid) error.code = Code::kCorrupt;
  return fail(std::move(error).context(where));
}

const Json& member(const Json& object, const char* key) {
  static const Json kNothing;
  if (!object.is_object()) return kNothing;
  const auto found = object.find(key);
  return found == object.end() ? kNothing : *found;
}

Result<std::vector<Descriptor>> descriptors(const Json& document, const char* key, uint64_t limit) {
  const Json& list = member(document, key);
  if (!list.is_array()) return fail(Code::kCorrupt, std::string("it has no list of ") + key);
  if (list.size() > limit) {
    return fail(Code::kCorrupt, "it has " + std::to_string(list.size()) + " " + key +
                                    ", more than " + std::to_string(limit));
  }
  std::vector<Descriptor> all;
  for (const Json& item : list) {
    Result<Descriptor> descriptor = Descriptor::from_json(item);
    if (!descriptor)
      return corrupt(std::move(descriptor.error()),
                     std::string(key) + "[" + std::to_string(all.size()) + "]");
    all.push_back(std::move(*descriptor));
  }
  return all;
}

bool is_manifest_type(const std::string& type) {
  return type == media_type::kManifest || type == media_type::kDockerManifest;
}

// Windows' base layers, which Microsoft's licence kept out of other registries.
bool is_elsewhere(const Json& descriptor, const std::string& type) {
  const Json& urls = member(descriptor, "urls");
  return (urls.is_array() && !urls.empty()) || type.find("nondistributable") != std::string::npos ||
         type.find(".foreign.") != std::string::npos;
}

// The beginning of every RFC 3339 time: what people see and sort by must at least look like one.
bool looks_like_time(std::string_view text) {
  constexpr std::string_view kShape = "dddd-dd-ddTdd:dd:dd";
  if (text.size() <= kShape.size() || text.size() > 40) return false;
  for (size_t i = 0; i < kShape.size(); ++i) {
    if (kShape[i] == 'd' ? text[i] < '0' || text[i] > '9' : text[i] != kShape[i]) return false;
  }
  return true;
}

}  // namespace

Result<Json> parse_document(std::string_view text) {
  Result<Json> document = parse_json(text);
  if (!document) return fail(Code::kCorrupt, "it isn't a JSON document");
  if (!document->is_object()) return fail(Code::kCorrupt, "it isn't a JSON object");
  return document;
}

Result<Descriptor> Descriptor::from_json(const Json& value) {
  Result<std::string> digest = string_at(value, "digest");
  if (!digest) return corrupt(std::move(digest.error()), "descriptor");
  Result<Digest> parsed = Digest::parse(*digest);
  if (!parsed) return corrupt(std::move(parsed.error()), "descriptor");
  const Result<int64_t> size = integer_at(value, "size");
  if (!size || *size < 0)
    return fail(Code::kCorrupt, "the descriptor of " + parsed->brief() + " has no size");
  Descriptor descriptor{
      string_or(value, "mediaType", ""), std::move(*parsed), static_cast<uint64_t>(*size), {}, {}};
  descriptor.elsewhere = is_elsewhere(value, descriptor.media_type);
  if (Result<Platform> platform = Platform::from_json(member(value, "platform"))) {
    descriptor.platform = std::move(*platform);
  }
  if (const Json& annotations = member(value, "annotations"); annotations.is_object()) {
    for (const auto& [key, text] : annotations.items()) {
      if (text.is_string()) descriptor.annotations[key] = text.get<std::string>();
    }
  }
  return descriptor;
}

Json Descriptor::to_json() const {
  return {{"mediaType", media_type}, {"digest", digest.text()}, {"size", size}};
}

Result<DocumentKind> document_kind(const Json& document) {
  if (integer_or(document, "schemaVersion", 2) == 1) {
    return fail(Code::kUnsupported,
                "it is a manifest of the old schema 1, which isn't supported; its image must be "
                "pushed again with a newer tool");
  }
  const bool index = document.contains("manifests");
  const bool manifest = document.contains("layers") || document.contains("config");
  if (index && manifest)
    return fail(Code::kCorrupt, "it claims to be an index and a manifest at once");
  const std::string type = string_or(document, "mediaType", "");
  if ((is_index_type(type) && manifest) || (is_manifest_type(type) && index)) {
    return fail(Code::kCorrupt,
                "its content isn't what its media type " + in_quotes(type) + " says");
  }
  if (index) return DocumentKind::kIndex;
  // An image's own config has a member "config" too, but nothing that describes layers by digest.
  return document.contains("layers") ? DocumentKind::kManifest : DocumentKind::kOther;
}

bool is_index_type(const std::string& type) {
  return type == media_type::kIndex || type == media_type::kDockerIndex;
}

Status check_media_type(const Descriptor& descriptor, const Json& document, DocumentKind kind) {
  const std::string& promised = descriptor.media_type;
  if (!is_index_type(promised) && !is_manifest_type(promised)) return {};
  const std::string own = string_or(document, "mediaType", promised);
  const DocumentKind expected =
      is_index_type(promised) ? DocumentKind::kIndex : DocumentKind::kManifest;
  if (own == promised && kind == expected) return {};
  return fail(Code::kCorrupt, "it was announced as " + in_quotes(promised) + ", which it isn't");
}

Result<Index> parse_index(const Json& document, const Limits& limits) {
  Result<std::vector<Descriptor>> manifests = descriptors(document, "manifests", limits.manifests);
  if (!manifests) return tl::unexpected(std::move(manifests.error()));
  return Index{std::move(*manifests)};
}

Result<Manifest> parse_manifest(const Json& document, const Limits& limits) {
  Result<Descriptor> config = Descriptor::from_json(member(document, "config"));
  if (!config) return corrupt(std::move(config.error()), "config");
  Result<std::vector<Descriptor>> layers = descriptors(document, "layers", limits.layers);
  if (!layers) return tl::unexpected(std::move(layers.error()));
  const std::string& type = config->media_type;
  const bool is_image = type == media_type::kConfig || type == media_type::kDockerConfig;
  return Manifest{std::move(*config), std::move(*layers), is_image};
}

Result<ImageConfig> parse_config(Json document, const Limits& limits) {
  Result<Platform> platform = Platform::from_json(document);
  if (!platform) return corrupt(std::move(platform.error()), "it names no");
  const Json& diff_ids = member(member(document, "rootfs"), "diff_ids");
  if (!diff_ids.is_array()) return fail(Code::kCorrupt, "it has no rootfs.diff_ids");
  if (diff_ids.size() > limits.layers) {
    return fail(Code::kCorrupt, "it has " + std::to_string(diff_ids.size()) +
                                    " layers, more than " + std::to_string(limits.layers));
  }
  ImageConfig config{std::move(*platform), {}, string_or(document, "created", ""), Json()};
  if (!looks_like_time(config.created)) config.created.clear();
  for (const Json& text : diff_ids) {
    if (!text.is_string()) return fail(Code::kCorrupt, "its rootfs.diff_ids aren't strings");
    Result<Digest> digest = Digest::parse(text.get_ref<const std::string&>());
    if (!digest) return corrupt(std::move(digest.error()), "rootfs.diff_ids");
    config.diff_ids.push_back(std::move(*digest));
  }
  config.document = std::move(document);
  return config;
}

}  // namespace bulkhead::storage
