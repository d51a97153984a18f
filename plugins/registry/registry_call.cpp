#include "registry_call.hpp"

#include <ctime>
#include <random>

#include "bulkhead/json.hpp"
#include "bulkhead/printable.hpp"

namespace bulkhead::registry {
namespace {

constexpr int kMostHops = 5;
constexpr int kMostChallenges = 2;
constexpr size_t kMostRefusalBytes = 64 * 1024;

bool is_redirect(int status) {
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

double jitter() {
  static std::minstd_rand generator{std::random_device{}()};
  return std::uniform_real_distribution<double>(0, 1)(generator);
}

// {"errors": [{"code", "message", "detail"}]}, as the distribution specification has it.
std::string message_of(const std::string& body) {
  const Result<Json> document = parse_json(body);
  if (!document || !document->is_object()) return {};
  const auto errors = document->find("errors");
  if (errors == document->end() || !errors->is_array() || errors->empty()) return {};
  std::string text = string_or(errors->front(), "message", "");
  if (text.empty()) text = string_or(errors->front(), "code", "");
  return text;
}

Code code_of(int status) {
  switch (status) {
    case 401:
    case 403:
      return Code::kDenied;
    case 404:
      return Code::kNotFound;
    case 413:
      return Code::kNoSpace;
    case 416:
      return Code::kCorrupt;
    case 429:
      return Code::kRetry;
    default:
      return status >= 500 ? Code::kUnavailable : Code::kInvalid;
  }
}

std::string in_seconds(milliseconds wait) {
  return std::to_string((wait.count() + 999) / 1000) + " s";
}

}  // namespace

bool is_success(int status) {
  return status >= 200 && status < 300;
}

RegistryCall::RegistryCall(Connections& connections, Request request, Handler handler)
    : connections_(connections),
      request_(std::move(request)),
      handler_(std::move(handler)),
      policy_(connections.settings.retries),
      timer_(connections.loop, [this] { attempt(); }) {
  timer_.start(0);  // nothing is called from within the constructor
}

RegistryCall::~RegistryCall() {
  *alive_ = false;
}

void RegistryCall::resume() {
  if (call_) call_->resume();
}

void RegistryCall::attempt() {
  hops_ = 0;
  authorization_ = request_.authorized
                       ? connections_.authorizations.known(endpoint(), request_.scopes)
                       : request_.authorization;
  const bool whole = request_.path.find("://") != std::string::npos;
  const std::string url = whole ? request_.path : endpoint().base + request_.path;
  go_to(url);
}

// To another host than the registry's nobody's credentials go, and its own settings hold.
void RegistryCall::go_to(const std::string& url) {
  const Origin to = origin_of(url);
  const bool home = to == origin_of(endpoint().base);
  send(url, home ? endpoint().transport : transport_to(to.server, connections_.settings), home);
}

void RegistryCall::send(const std::string& url, const Transport& transport,
                        bool with_authorization) {
  url_ = url;
  HttpRequest request;
  request.method = request_.method;
  request.url = url;
  request.headers = request_.headers;
  request.body = request_.body;
  request.transport = transport;
  if (with_authorization && !authorization_.empty())
    request.headers.push_back("Authorization: " + authorization_);
  if (handler_.prepare) handler_.prepare(request);
  refusal_.clear();
  head_ = {};
  call_ = std::make_unique<HttpCall>(
      connections_.http, request,
      HttpCall::Handler{[this](const HttpHead& head) { return begin_body(head); },
                        [this](std::string_view bytes) { return take(bytes); }, handler_.sent,
                        [this](const HttpFailure* failure) { ended(failure); }});
}

Status RegistryCall::begin_body(const HttpHead& head) {
  head_ = head;
  if (!is_success(head.status)) return {};
  challenges_ = 0;
  return handler_.head ? handler_.head(head) : Status{};
}

Result<HttpCall::Taken> RegistryCall::take(std::string_view bytes) {
  if (!is_success(head_.status)) {
    refusal_.append(
        bytes.substr(0, kMostRefusalBytes - std::min(refusal_.size(), kMostRefusalBytes)));
    return HttpCall::Taken::kAll;
  }
  return handler_.body ? handler_.body(bytes) : HttpCall::Taken::kAll;
}

void RegistryCall::ended(const HttpFailure* failure) {
  if (failure != nullptr) {
    Error error = failure->error;
    const bool passing = failure->worth_another_try;
    return failed(std::move(error).context(origin_of(url_).server).context(request_.what), passing);
  }
  answered();
}

void RegistryCall::answered() {
  if (is_success(head_.status)) return finish(head_);
  const bool idempotent = request_.method == "GET" || request_.method == "HEAD";
  if (is_redirect(head_.status) && idempotent) return redirected();
  if (head_.status == 401 && hops_ == 0 && request_.authorized) return unauthorized();
  refused();
}

void RegistryCall::redirected() {
  const std::string& location = head_.field("location");
  const std::string target = location.empty() ? "" : resolve_location(url_, location);
  const Origin from = origin_of(url_), to = origin_of(target);
  const auto refuse = [&](const std::string& why) {
    failed({Code::kDenied, request_.what + ": " + from.server + " redirects " + why, {}}, false);
  };
  if (target.empty()) return refuse("to " + in_quotes(location));
  if (from.scheme == "https" && to.scheme != "https")
    return refuse("from https to plain http, at " + in_quotes(to.server));
  if (++hops_ > kMostHops) return refuse("more than " + std::to_string(kMostHops) + " times");
  go_to(target);
}

void RegistryCall::unauthorized() {
  const std::optional<Challenge> challenge = choose_challenge(head_.field("www-authenticate"));
  if (!challenge) {
    return failed(
        {Code::kDenied,
         request_.what + ": " + endpoint().server + " wants a kind of login that isn't known here",
         {}},
        false);
  }
  if (++challenges_ > kMostChallenges) return refused();
  connections_.authorizations.obtain(
      endpoint(), request_.scopes, *challenge, authorization_,
      [this, alive = alive_](Result<std::string> header) {
        if (!*alive) return;
        // It has been tried as often as it is worth already.
        if (!header) return failed(std::move(header.error()).context(request_.what), false);
        // Nothing to answer with: what the registry said stands.
        if (header->empty()) return refused();
        attempt();
      });
}

Error RegistryCall::refusal() const {
  const std::string said = message_of(refusal_);
  std::string text = request_.what + ": " + endpoint().server;
  Error error{code_of(head_.status), {}, {}};
  switch (head_.status) {
    case 401:
    case 403:
      text += " denies it";
      error.hint =
          "if it exists and is yours to have: container registry login " + endpoint().server;
      break;
    case 404:
      text += " has no such thing";
      break;
    case 429:
      text += " gets too many requests";
      break;
    default:
      text += " answers with status " + std::to_string(head_.status);
  }
  if (!said.empty()) text += ": " + in_quotes(said);
  if (head_.status == 400 && refusal_.find("HTTPS server") != std::string::npos)
    error.hint = "it speaks TLS: use --scheme https";
  error.message = std::move(text);
  return error;
}

void RegistryCall::refused() {
  failed(refusal(), is_passing(head_.status));
}

void RegistryCall::failed(Error error, bool passing) {
  call_.reset();
  if (endpoint().mirror) {
    if (handler_.waiting) handler_.waiting(error.message + "; asking the next");
    ++endpoint_;
    challenges_ = 0;
    return attempt();
  }
  if (!passing || handler_.once) return finish(fail(std::move(error)));
  const auto asked = parse_retry_after(head_.field("retry-after"), std::time(nullptr));
  const std::optional<milliseconds> wait = policy_.failed(asked, jitter());
  if (!wait) {
    std::string tries = std::to_string(policy_.failures()) + " tries in a row";
    return finish(fail(error.code, error.message + " (" + tries + ")", std::move(error.hint)));
  }
  if (handler_.waiting) handler_.waiting(error.message + "; trying again in " + in_seconds(*wait));
  timer_.start(static_cast<uint64_t>(wait->count()));
}

void RegistryCall::finish(Result<HttpHead> result) {
  call_.reset();
  auto done = std::move(handler_.done);
  done(std::move(result));  // `this` may be gone after it
}

}  // namespace bulkhead::registry
