// The three JSON documents an image is made of, read from strangers: index, manifest, config; OCI's
// and Docker's spellings. Only what the store needs is taken out; the bytes themselves are kept as
// they came, since their digest is their name.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bulkhead/json.hpp"
#include "bulkhead/platform.hpp"
#include "bulkhead/result.hpp"
#include "digest.hpp"
#include "limits.hpp"

namespace bulkhead::storage {

namespace media_type {
inline constexpr const char* kIndex = "application/vnd.oci.image.index.v1+json";
inline constexpr const char* kManifest = "application/vnd.oci.image.manifest.v1+json";
inline constexpr const char* kConfig = "application/vnd.oci.image.config.v1+json";
inline constexpr const char* kLayer = "application/vnd.oci.image.layer.v1.tar";
inline constexpr const char* kDockerIndex =
    "application/vnd.docker.distribution.manifest.list.v2+json";
inline constexpr const char* kDockerManifest =
    "application/vnd.docker.distribution.manifest.v2+json";
inline constexpr const char* kDockerConfig = "application/vnd.docker.container.image.v1+json";
}  // namespace media_type

namespace annotation {
inline constexpr const char* kRefName = "org.opencontainers.image.ref.name";
inline constexpr const char* kImageName = "io.containerd.image.name";
}  // namespace annotation

struct Descriptor {
  std::string media_type;
  Digest digest;
  uint64_t size = 0;
  std::optional<Platform> platform;
  std::map<std::string, std::string> annotations;
  bool elsewhere = false;  // its bytes are to be fetched from other hosts

  static Result<Descriptor> from_json(const Json& value);
  Json to_json() const;  // media type, digest, size
};

struct Index {
  std::vector<Descriptor> manifests;
};

struct Manifest {
  Descriptor config;
  std::vector<Descriptor> layers;
  bool is_image = false;  // not a chart, a signature or an attestation
};

struct ImageConfig {
  Platform platform;
  std::vector<Digest> diff_ids;
  std::string created;  // RFC 3339, or empty
  Json document;        // as it is
};

// What a document is, told by its content: media types stand outside it and may lie, and a document
// that could be read as either is refused, because two tools would disagree about what its digest
// names.
enum class DocumentKind { kIndex, kManifest, kOther };
Result<DocumentKind> document_kind(const Json& document);
// kCorrupt if the descriptor's media type promises a document of another kind or spelling.
Status check_media_type(const Descriptor& descriptor, const Json& document, DocumentKind kind);
bool is_index_type(const std::string& media_type);

Result<Index> parse_index(const Json& document, const Limits& limits);
Result<Manifest> parse_manifest(const Json& document, const Limits& limits);
Result<ImageConfig> parse_config(Json document, const Limits& limits);

// Foreign bytes to JSON, as kCorrupt.
Result<Json> parse_document(std::string_view text);

}  // namespace bulkhead::storage
