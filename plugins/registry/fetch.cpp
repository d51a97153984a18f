#include "fetch.hpp"

#include <algorithm>
#include <charconv>

namespace bulkhead::registry {
namespace {

constexpr auto kTellEvery = std::chrono::milliseconds(100);

std::optional<uint64_t> number_at_start(std::string_view text) {
  uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc()) return std::nullopt;
  return value;
}

}  // namespace

std::optional<uint64_t> parse_content_range(std::string_view text) {
  constexpr std::string_view kUnit = "bytes ";
  if (!text.starts_with(kUnit) || text.find('-') == std::string_view::npos) return std::nullopt;
  return number_at_start(text.substr(kUnit.size()));
}

Fetch::Fetch(Connections& connections, Request request, UniqueFd pipe, Told told)
    : request_(std::move(request)),
      told_(std::move(told)),
      at_(request_.offset),
      sink_(
          connections.loop, std::move(pipe), [this] { drained(); },
          [this](Error error) { finish(fail(std::move(error))); }) {
  const Content& content = request_.content;
  RegistryCall::Request call;
  call.what = (content.manifest ? "manifest " : "blob ") + content.brief();
  call.path = content.path(request_.remote.reference.path);
  if (content.manifest) call.headers = {kAcceptManifests};
  call.endpoints = endpoints_of(request_.remote, connections.settings, true);
  call.scopes = {{request_.remote.reference.path, "pull"}};
  call_ = std::make_unique<RegistryCall>(
      connections, std::move(call),
      RegistryCall::Handler{[this](HttpRequest& http) { prepare(http); },
                            [this](const HttpHead& head) { return begin(head); },
                            [this](std::string_view bytes) { return take(bytes); },
                            {},
                            [this](const std::string& why) { tell(why); },
                            [this](Result<HttpHead> head) { fetched(std::move(head)); }});
}

void Fetch::prepare(HttpRequest& request) {
  paused_ = false;
  if (at_ > 0 && at_ < request_.content.size)
    request.headers.push_back("Range: bytes=" + std::to_string(at_) + "-");
}

Status Fetch::begin(const HttpHead& head) {
  skip_ = at_;
  if (head.status == 206) {
    const auto first = parse_content_range(head.field("content-range"));
    if (!first || *first > at_)
      return fail(Code::kCorrupt, "blob " + request_.content.brief() +
                                      ": the registry sends another range than was asked for");
    skip_ = at_ - *first;
  }
  const auto length = number_at_start(head.field("content-length"));
  if (length && head.status == 200 && *length > request_.content.size)
    return fail(Code::kCorrupt, request_.content.brief() + " is said to have " +
                                    std::to_string(request_.content.size) +
                                    " bytes, but the registry sends " + std::to_string(*length));
  return {};
}

Result<HttpCall::Taken> Fetch::take(std::string_view bytes) {
  if (sink_.full()) {
    paused_ = true;
    return HttpCall::Taken::kPause;
  }
  const auto known = std::min<uint64_t>(skip_, bytes.size());
  skip_ -= known;
  bytes.remove_prefix(known);
  if (bytes.size() > request_.content.size - at_)
    return fail(Code::kCorrupt, request_.content.brief() + " is said to have " +
                                    std::to_string(request_.content.size) +
                                    " bytes, but the registry sends more");
  if (Status taken = sink_.take(bytes); !taken) return fail(std::move(taken.error()));
  at_ += bytes.size();
  call_->progressed(bytes.size());
  if (std::chrono::steady_clock::now() - told_at_ >= kTellEvery) tell();
  return HttpCall::Taken::kAll;
}

void Fetch::drained() {
  if (whole_) return finish(Json{{"bytes", at_ - request_.offset}});
  if (std::exchange(paused_, false)) call_->resume();
}

void Fetch::fetched(Result<HttpHead> head) {
  if (!head) return finish(fail(std::move(head.error())));
  if (at_ < request_.content.size) {
    return finish(fail(Code::kCorrupt, request_.content.brief() + " is said to have " +
                                           std::to_string(request_.content.size) +
                                           " bytes, but the registry has only " +
                                           std::to_string(at_)));
  }
  whole_ = true;
  tell();
  if (!sink_.full()) drained();
}

void Fetch::tell(const std::string& why) {
  told_at_ = std::chrono::steady_clock::now();
  if (told_.progress) told_.progress(progress_note(at_, request_.content.size, why));
}

void Fetch::finish(Result<Json> result) {
  sink_.close();
  auto done = std::exchange(told_.done, nullptr);
  if (done) done(std::move(result));  // `this` may be gone after it
}

}  // namespace bulkhead::registry
