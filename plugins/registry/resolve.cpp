#include "resolve.hpp"

#include <openssl/sha.h>

#include <charconv>

#include "bulkhead/printable.hpp"

namespace bulkhead::registry {
namespace {

std::string digest_of(const std::string& document) {
  unsigned char hash[SHA256_DIGEST_LENGTH];
  SHA256(reinterpret_cast<const unsigned char*>(document.data()), document.size(), hash);
  std::string text = "sha256:";
  for (const unsigned char byte : hash) {
    text += "0123456789abcdef"[byte >> 4];
    text += "0123456789abcdef"[byte & 15];
  }
  return text;
}

// Without parameters: "application/json; charset=utf-8".
std::string media_type_of(const HttpHead& head) {
  const std::string& type = head.field("content-type");
  return type.substr(0, type.find_first_of("; "));
}

}  // namespace

Resolve::Resolve(Connections& connections, Remote remote, Told told)
    : connections_(connections), remote_(std::move(remote)), told_(std::move(told)) {
  ask("HEAD");
}

void Resolve::ask(const char* method) {
  const Reference& reference = remote_.reference;
  const std::string& which = reference.digest.empty() ? reference.tag : reference.digest;
  RegistryCall::Request request;
  request.what = reference.digest.empty() ? "tag " + reference.tag : "its manifest";
  request.method = method;
  request.path = "/v2/" + reference.path + "/manifests/" + which;
  request.headers = {kAcceptManifests};
  request.endpoints = endpoints_of(remote_, connections_.settings, true);
  request.scopes = {{reference.path, "pull"}};
  RegistryCall::Handler handler;
  handler.head = [this](const HttpHead&) -> Status {
    document_.clear();
    return {};
  };
  handler.body = [this](std::string_view bytes) -> Result<HttpCall::Taken> {
    if (document_.size() + bytes.size() > kLargestDocument)
      return fail(Code::kCorrupt, "its manifest is larger than any image's (8 MiB)");
    document_ += bytes;
    return HttpCall::Taken::kAll;
  };
  handler.waiting = [this](const std::string& why) {
    if (told_.progress) told_.progress(progress_note(0, 0, why));
  };
  const bool head_only = std::string_view(method) == "HEAD";
  handler.done = [this, head_only](Result<HttpHead> head) {
    head_only ? asked(std::move(head)) : read(std::move(head));
  };
  call_ = std::make_unique<RegistryCall>(connections_, std::move(request), std::move(handler));
}

void Resolve::asked(Result<HttpHead> head) {
  if (!head) {
    // A refusal of HEAD has no body and so no reason: the GET's is worth having.
    const Code code = head.error().code;
    const bool refused = code == Code::kNotFound || code == Code::kDenied || code == Code::kInvalid;
    return refused ? ask("GET") : finish(fail(std::move(head.error())));
  }
  const std::string& digest = head->field("docker-content-digest");
  const std::string& length = head->field("content-length");
  uint64_t size = 0;
  const auto [end, error] = std::from_chars(length.data(), length.data() + length.size(), size);
  if (!is_digest(digest) || error != std::errc() || end != length.data() + length.size())
    return ask("GET");
  conclude(*head, digest, size);
}

void Resolve::read(Result<HttpHead> head) {
  if (!head) return finish(fail(std::move(head.error())));
  conclude(*head, digest_of(document_), document_.size());
}

void Resolve::conclude(const HttpHead& head, const std::string& digest, uint64_t size) {
  const std::string& wanted = remote_.reference.digest;
  if (!wanted.empty() && digest != wanted) {
    return finish(fail(Code::kCorrupt, remote_.reference.familiar() + ": the registry has " +
                                           in_quotes(digest) + " under this digest"));
  }
  if (!digest.starts_with("sha256:")) {
    return finish(fail(Code::kUnsupported, remote_.reference.familiar() + " is known by " +
                                               in_quotes(digest) +
                                               "; images are kept by their sha256 here"));
  }
  if (size > kLargestDocument) {
    return finish(fail(Code::kCorrupt, "its manifest is larger than any image's (8 MiB)"));
  }
  finish(Json{{"root", {{"mediaType", media_type_of(head)}, {"digest", digest}, {"size", size}}}});
}

void Resolve::finish(Result<Json> result) {
  auto done = std::move(told_.done);
  done(std::move(result));  // `this` may be gone after it
}

}  // namespace bulkhead::registry
