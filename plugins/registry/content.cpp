#include "content.hpp"

namespace bulkhead::registry {

const char* const kAcceptManifests =
    "Accept: application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json, "
    "application/vnd.docker.distribution.manifest.list.v2+json, "
    "application/vnd.docker.distribution.manifest.v2+json";

Result<Content> Content::from_json(const Json& request) {
  const auto described = request.find("content");
  const Json none;
  const Json& descriptor = described == request.end() ? none : *described;
  Result<std::string> digest = string_at(descriptor, "digest");
  if (!digest) return fail(std::move(digest.error()));
  if (!is_digest(*digest)) return fail(Code::kInvalid, "\"digest\" isn't a digest");
  const Result<int64_t> size = integer_at(descriptor, "size");
  if (!size || *size < 0) return fail(Code::kInvalid, "\"size\" isn't a number of bytes");
  const std::string kind = string_or(request, "kind", "");
  if (kind != "manifest" && kind != "blob")
    return fail(Code::kInvalid, "\"kind\" must be manifest or blob");
  return Content{kind == "manifest", string_or(descriptor, "mediaType", ""), std::move(*digest),
                 static_cast<uint64_t>(*size)};
}

std::string Content::brief() const {
  return digest.substr(0, digest.find(':') + 13);
}

std::string Content::path(const std::string& repository) const {
  return "/v2/" + repository + (manifest ? "/manifests/" : "/blobs/") + digest;
}

Result<Remote> remote_of(const Json& request) {
  const Result<std::string> text = string_at(request, "reference");
  if (!text) return fail(text.error());
  Result<Reference> reference = parse_reference(*text);
  if (!reference) return fail(std::move(reference.error()));
  std::string scheme = string_or(request, "scheme", "auto");
  if (scheme != "auto" && scheme != "http" && scheme != "https")
    return fail(Code::kInvalid, "\"scheme\" must be auto, http or https");
  return Remote{std::move(*reference), std::move(scheme), string_or(request, "localDomain", "")};
}

Json progress_note(uint64_t done, uint64_t total, const std::string& what) {
  return {{"done", done}, {"total", total}, {"what", what}};
}

}  // namespace bulkhead::registry
