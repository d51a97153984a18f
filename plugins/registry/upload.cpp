#include "upload.hpp"

#include <unistd.h>

#include <charconv>

namespace bulkhead::registry {
namespace {

constexpr auto kTellEvery = std::chrono::milliseconds(100);

// "0-499" or "bytes=0-499": 500 bytes. "0-0" is what some say of an upload that has nothing.
uint64_t length_of_range(std::string_view text) {
  const size_t dash = text.find('-');
  if (dash == std::string_view::npos) return 0;
  uint64_t last = 0;
  const auto [end, error] =
      std::from_chars(text.data() + dash + 1, text.data() + text.size(), last);
  return error == std::errc() && last > 0 ? last + 1 : 0;
}

std::string with_parameter(const std::string& url, const std::string& parameter) {
  return url + (url.find('?') == std::string::npos ? "?" : "&") + parameter;
}

}  // namespace

Upload::Upload(Connections& connections, Request request, UniqueFd file, Told told)
    : connections_(connections),
      request_(std::move(request)),
      file_(std::move(file)),
      told_(std::move(told)),
      endpoints_(endpoints_of(request_.remote, connections.settings, false)) {
  look();
}

std::vector<Scope> Upload::scopes() const {
  std::vector<Scope> all = {{request_.remote.reference.path, "pull,push"}};
  // Asked for with every request, so that one token does for all.
  for (const Reference& from : request_.mount_from) all.push_back({from.path, "pull"});
  return all;
}

void Upload::ask(const char* method, std::string path, Then then, Then otherwise,
                 const std::string& content_type) {
  RegistryCall::Request request;
  request.what = (request_.content.manifest ? "manifest " : "blob ") + request_.content.brief();
  request.method = method;
  request.path = std::move(path);
  request.endpoints = endpoints_;
  request.scopes = scopes();
  request.headers = {kAcceptManifests};
  if (!content_type.empty()) request.headers.push_back("Content-Type: " + content_type);
  RegistryCall::Handler handler;
  if (request_.content.manifest && request.method == "PUT") {
    handler.prepare = [this](HttpRequest& http) {
      http.file = file_.get();
      http.file_bytes = request_.content.size;
    };
  }
  handler.waiting = [this](const std::string& why) { tell(why); };
  handler.done = [this, then, otherwise](Result<HttpHead> head) {
    if (head) return (this->*then)(*head);
    const Code code = head.error().code;
    if (otherwise != nullptr && code != Code::kUnavailable && code != Code::kTimeout) {
      refusal_ = std::move(head.error());
      return (this->*otherwise)({});
    }
    finish(fail(std::move(head.error())));
  };
  call_ = std::make_unique<RegistryCall>(connections_, std::move(request), std::move(handler));
}

void Upload::look() {
  const std::string& repository = request_.remote.reference.path;
  // A tag may mean something else there: it is always put.
  if (request_.tag) return put_manifest();
  ask("HEAD", request_.content.path(repository), &Upload::looked, &Upload::not_there);
}

void Upload::looked(const HttpHead&) {
  finish_with("present");
}

void Upload::not_there(const HttpHead&) {
  request_.content.manifest ? put_manifest() : begin();
}

void Upload::begin() {
  std::string path = "/v2/" + request_.remote.reference.path + "/blobs/uploads/";
  if (mounts_tried_ < request_.mount_from.size()) {
    path +=
        "?mount=" + request_.content.digest + "&from=" + request_.mount_from[mounts_tried_++].path;
  }
  ask("POST", std::move(path), &Upload::begun);
}

void Upload::begun(const HttpHead& head) {
  if (head.status == 201) return finish_with("mounted");
  if (Status followed = follow(head); !followed) return finish(fail(std::move(followed.error())));
  // Another repository may have it where this one hadn't; the upload just begun expires by itself.
  if (mounts_tried_ > 0 && mounts_tried_ < request_.mount_from.size()) return begin();
  at_ = 0;
  send();
}

// A registry may send the bytes elsewhere, to a store that knows the upload by its URL; but not
// from https to http.
Status Upload::follow(const HttpHead& head) {
  const std::string& field = head.field("location");
  const std::string base = location_.empty() ? endpoints_.front().base + "/v2/" : location_;
  const std::string location = resolve_location(base, field);
  const bool downgrade =
      endpoints_.front().base.starts_with("https:") && !location.starts_with("https:");
  if (field.empty() || location.empty() || downgrade) {
    return fail(Code::kCorrupt, "blob " + request_.content.brief() + ": " +
                                    request_.remote.reference.domain +
                                    " doesn't say where the upload goes on");
  }
  location_ = location;
  return {};
}

void Upload::send() {
  sent_ = 0;
  RegistryCall::Request request;
  request.what = "blob " + request_.content.brief();
  request.method = "PATCH";
  request.path = location_;
  request.endpoints = endpoints_;
  request.scopes = scopes();
  request.headers = {"Content-Type: application/octet-stream"};
  RegistryCall::Handler handler;
  handler.prepare = [this](HttpRequest& http) {
    http.file = file_.get();
    http.file_offset = at_;
    http.file_bytes = request_.content.size - at_;
    http.headers.push_back("Content-Range: " + std::to_string(at_) + "-" +
                           std::to_string(request_.content.size - 1));
    if (at_ == 0) http.headers.pop_back();  // the whole: as everybody does it
    sent_ = 0;
  };
  handler.sent = [this](uint64_t bytes) {
    sent_ += bytes;
    if (std::chrono::steady_clock::now() - told_at_ >= kTellEvery) tell();
  };
  handler.waiting = [this](const std::string& why) { tell(why); };
  // A second try by the call itself would send what the registry has already: ask first.
  handler.once = true;
  handler.done = [this](Result<HttpHead> head) {
    if (head) return put_end(*head);
    ask_how_far(std::move(head.error()));
  };
  if (request_.content.size == 0) return put_end({});
  call_ = std::make_unique<RegistryCall>(connections_, std::move(request), std::move(handler));
}

// The upload's own address says how far it is; an upload that is forgotten begins anew.
void Upload::ask_how_far(Error why) {
  const bool passing = why.code == Code::kUnavailable || why.code == Code::kTimeout ||
                       why.code == Code::kRetry || why.code == Code::kNotFound;
  if (!passing || ++restarts_ > connections_.settings.retries) return finish(fail(std::move(why)));
  tell(why.message + "; going on with the rest");
  RegistryCall::Request request;
  request.what = "blob " + request_.content.brief();
  request.path = location_;
  request.endpoints = endpoints_;
  request.scopes = scopes();
  RegistryCall::Handler handler;
  handler.waiting = [this](const std::string& reason) { tell(reason); };
  handler.done = [this](Result<HttpHead> head) {
    if (!head || !follow(*head)) {
      location_.clear();
      mounts_tried_ = request_.mount_from.size();
      return begin();
    }
    at_ = std::min(length_of_range(head->field("range")), request_.content.size);
    if (at_ > best_) restarts_ = 0;
    best_ = std::max(best_, at_);
    at_ == request_.content.size ? put_end(*head) : send();
  };
  call_ = std::make_unique<RegistryCall>(connections_, std::move(request), std::move(handler));
}

void Upload::put_end(const HttpHead& head) {
  if (!head.field("location").empty()) {
    if (Status followed = follow(head); !followed) return finish(fail(std::move(followed.error())));
  }
  at_ = request_.content.size;
  ask("PUT", with_parameter(location_, "digest=" + request_.content.digest), &Upload::uploaded,
      &Upload::not_taken);
}

// The answer to an earlier try may have been lost: then the upload is over and the blob is there.
void Upload::not_taken(const HttpHead&) {
  if (end_refusal_) return finish(fail(std::move(*end_refusal_)));
  end_refusal_ = std::move(refusal_);
  ask("HEAD", request_.content.path(request_.remote.reference.path), &Upload::uploaded,
      &Upload::not_taken);
}

void Upload::put_manifest() {
  const Reference& reference = request_.remote.reference;
  const std::string& name =
      request_.tag && !reference.tag.empty() ? reference.tag : request_.content.digest;
  ask("PUT", "/v2/" + reference.path + "/manifests/" + name, &Upload::uploaded, nullptr,
      request_.content.media_type);
}

void Upload::uploaded(const HttpHead& head) {
  const std::string& digest = head.field("docker-content-digest");
  if (!digest.empty() && digest != request_.content.digest) {
    return finish(fail(Code::kCorrupt,
                       "the registry took " + request_.content.brief() + " for something else"));
  }
  finish_with("uploaded");
}

void Upload::tell(const std::string& why) {
  told_at_ = std::chrono::steady_clock::now();
  if (told_.progress) told_.progress(progress_note(at_ + sent_, request_.content.size, why));
}

void Upload::finish_with(const char* outcome) {
  const bool uploaded = std::string_view(outcome) == "uploaded";
  finish(Json{{"outcome", outcome}, {"bytes", uploaded ? request_.content.size : 0}});
}

void Upload::finish(Result<Json> result) {
  auto done = std::move(told_.done);
  done(std::move(result));  // `this` may be gone after it
}

}  // namespace bulkhead::registry
