#include "authorizations.hpp"

#include <curl/curl.h>
#include <openssl/evp.h>

#include <algorithm>

#include "bulkhead/json.hpp"
#include "bulkhead/printable.hpp"
#include "registry_call.hpp"

namespace bulkhead::registry {
namespace {

using std::chrono::seconds;

constexpr size_t kMostAnswerBytes = 1024 * 1024;
constexpr size_t kLongestToken = 128 * 1024;
// Of a token that doesn't say, or says less: one that ends earlier is refused, and got anew then.
constexpr int64_t kUsualLife = 60;
constexpr int64_t kLongestLife = 24 * 3600;

std::string key_of(const Endpoint& endpoint, const std::vector<Scope>& scopes) {
  std::string key = endpoint.base;
  for (const Scope& scope : scopes) key += " " + scope.text();
  return key;
}

std::string url_encoded(std::string_view text) {
  if (text.empty()) return {};  // to libcurl, a length of 0 means one to be found out
  char* escaped = curl_easy_escape(nullptr, text.data(), static_cast<int>(text.size()));
  if (escaped == nullptr) return {};
  std::string result(escaped);
  curl_free(escaped);
  return result;
}

std::string base64(std::string_view text) {
  std::string result((text.size() + 2) / 3 * 4 + 1, '\0');
  const int length = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(result.data()),
                                     reinterpret_cast<const unsigned char*>(text.data()),
                                     static_cast<int>(text.size()));
  result.resize(static_cast<size_t>(length));
  return result;
}

// Anything else in a header would begin another one.
bool is_token_text(const std::string& text) {
  return !text.empty() && text.size() <= kLongestToken &&
         std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c <= '~'; });
}

std::string parameters_of(const Challenge& challenge, const std::vector<Scope>& scopes) {
  std::string text;
  const auto add = [&text](std::string_view name, std::string_view value) {
    text += (text.empty() ? "" : "&") + std::string(name) + "=" + url_encoded(value);
  };
  if (!challenge.service.empty()) add("service", challenge.service);
  for (const Scope& scope : scopes) add("scope", scope.text());
  // A request outside of any repository: what the registry itself asks for.
  if (scopes.empty() && !challenge.scope.empty()) add("scope", challenge.scope);
  return text;
}

}  // namespace

Result<TokenAnswer> parse_token_answer(std::string_view text) {
  const Result<Json> answer = parse_json(text);
  if (!answer || !answer->is_object())
    return fail(Code::kCorrupt, "the token server's answer isn't a JSON object");
  std::string token = string_or(*answer, "token", "");
  if (token.empty()) token = string_or(*answer, "access_token", "");
  if (!is_token_text(token)) return fail(Code::kCorrupt, "the token server's answer has no token");
  const int64_t life = integer_or(*answer, "expires_in", kUsualLife);
  return TokenAnswer{std::move(token), std::clamp<int64_t>(life, kUsualLife, kLongestLife)};
}

std::string basic_header(const Credential& credential) {
  return "Basic " + base64(credential.username + ":" + credential.password.reveal());
}

// One way to the token server and back, and all who wait for it.
struct Authorizations::Inquiry {
  std::string key;
  Endpoint endpoint;
  std::vector<Scope> scopes;
  Challenge challenge;
  bool keep = true;
  std::vector<Answer> waiting;
  std::string answer;
  std::unique_ptr<RegistryCall> call;
};

Authorizations::Authorizations(Connections& connections, FindLogin find_login)
    : connections_(connections), find_login_(std::move(find_login)) {}

Authorizations::~Authorizations() {
  *alive_ = false;
  // An inquiry and its call hold each other.
  for (const auto& [key, inquiry] : inquiries_) inquiry->call.reset();
}

std::string Authorizations::known(const Endpoint& endpoint,
                                  const std::vector<Scope>& scopes) const {
  const auto found = tokens_.find(key_of(endpoint, scopes));
  if (found == tokens_.end() || found->second.good_until <= std::chrono::steady_clock::now())
    return {};
  return found->second.header;
}

void Authorizations::obtain(const Endpoint& endpoint, const std::vector<Scope>& scopes,
                            const Challenge& challenge, const std::string& refused, Answer answer) {
  const std::string key = key_of(endpoint, scopes);
  if (const auto found = tokens_.find(key); found != tokens_.end()) {
    // Another request may have got a new one while this one was under way with the old.
    if (const std::string newer = known(endpoint, scopes); !newer.empty() && newer != refused)
      return answer(newer);
    tokens_.erase(found);
  }
  if (const auto found = inquiries_.find(key); found != inquiries_.end()) {
    found->second->waiting.push_back(std::move(answer));
    return;
  }
  const auto inquiry = std::make_shared<Inquiry>();
  inquiry->key = key;
  inquiry->endpoint = endpoint;
  inquiry->scopes = scopes;
  inquiry->challenge = challenge;
  inquiry->waiting.push_back(std::move(answer));
  inquiries_[key] = inquiry;
  // A password that was refused once isn't better the second time.
  const bool was_basic = refused.starts_with("Basic ");
  find_login_(endpoint.server, [this, alive = alive_, inquiry, was_basic](Found found) {
    if (!*alive) return;
    if (!found) return conclude(inquiry, fail(std::move(found.error())));
    if (was_basic && !inquiry->challenge.bearer) return conclude(inquiry, std::string());
    run(inquiry, *found);
  });
}

void Authorizations::try_credential(const Endpoint& endpoint, const std::vector<Scope>& scopes,
                                    const Challenge& challenge, const Credential& credential,
                                    Answer answer) {
  const auto inquiry = std::make_shared<Inquiry>();
  inquiry->key = "login " + std::to_string(next_login_++);
  inquiry->endpoint = endpoint;
  inquiry->scopes = scopes;
  inquiry->challenge = challenge;
  inquiry->keep = false;
  inquiry->waiting.push_back(std::move(answer));
  inquiries_[inquiry->key] = inquiry;
  run(inquiry, credential);
}

void Authorizations::run(const std::shared_ptr<Inquiry>& inquiry,
                         const std::optional<Credential>& credential) {
  if (inquiry->challenge.bearer) return request_token(inquiry, credential);
  if (!credential || credential->is_identity_token) return conclude(inquiry, std::string());
  conclude(inquiry, basic_header(*credential));
}

void Authorizations::request_token(const std::shared_ptr<Inquiry>& inquiry,
                                   const std::optional<Credential>& credential) {
  const Challenge& challenge = inquiry->challenge;
  const Origin origin = origin_of(challenge.realm);
  if (origin.scheme.empty() ||
      (origin.scheme != "https" && inquiry->endpoint.base.starts_with("https"))) {
    return conclude(inquiry, fail(Code::kDenied,
                                  inquiry->endpoint.server + " sends for tokens to " +
                                      in_quotes(challenge.realm) + ", where a secret isn't safe"));
  }
  RegistryCall::Request request;
  request.what = "a token for " + inquiry->endpoint.server;
  request.authorized = false;
  request.path = challenge.realm;
  // The token server of a registry is trusted as the registry is: they mostly share a name.
  const bool home = origin.server == origin_of(inquiry->endpoint.base).server;
  request.endpoints = {
      {challenge.realm, inquiry->endpoint.server, false,
       home ? inquiry->endpoint.transport : transport_to(origin.server, connections_.settings)}};
  const std::string parameters = parameters_of(challenge, inquiry->scopes);
  if (credential && credential->is_identity_token) {
    request.method = "POST";
    request.headers = {"Content-Type: application/x-www-form-urlencoded"};
    request.body = parameters + "&client_id=container&grant_type=refresh_token&refresh_token=" +
                   url_encoded(credential->password.reveal());
  } else {
    if (!parameters.empty())
      request.path += (request.path.find('?') == std::string::npos ? "?" : "&") + parameters;
    if (credential) request.authorization = basic_header(*credential);
  }
  RegistryCall::Handler handler;
  // The inquiry owns the call, the call's callbacks the inquiry: conclude() parts them.
  handler.head = [inquiry](const HttpHead&) -> Status {
    inquiry->answer.clear();
    return {};
  };
  handler.body = [inquiry](std::string_view bytes) -> Result<HttpCall::Taken> {
    if (inquiry->answer.size() + bytes.size() > kMostAnswerBytes)
      return fail(Code::kCorrupt, "the token server's answer has no end");
    inquiry->answer += bytes;
    return HttpCall::Taken::kAll;
  };
  handler.done = [this, alive = alive_, inquiry](Result<HttpHead> head) {
    if (!*alive) return;
    if (!head) return conclude(inquiry, fail(std::move(head.error())));
    Result<TokenAnswer> token = parse_token_answer(inquiry->answer);
    if (!token) return conclude(inquiry, fail(std::move(token.error())));
    std::string header = "Bearer " + token->token;
    if (inquiry->keep) {
      // A little earlier than it says: the request has a way to go.
      const seconds life(token->expires_in_seconds - token->expires_in_seconds / 10);
      tokens_[inquiry->key] = {header, inquiry->endpoint.server,
                               std::chrono::steady_clock::now() + life};
    }
    conclude(inquiry, std::move(header));
  };
  inquiry->call =
      std::make_unique<RegistryCall>(connections_, std::move(request), std::move(handler));
}

void Authorizations::conclude(const std::shared_ptr<Inquiry>& inquiry, Result<std::string> header) {
  inquiries_.erase(inquiry->key);
  if (header && inquiry->keep && !inquiry->challenge.bearer && !header->empty()) {
    tokens_[inquiry->key] = {*header, inquiry->endpoint.server,
                             std::chrono::steady_clock::time_point::max()};
  }
  const auto call = std::move(inquiry->call);
  for (Answer& answer : std::exchange(inquiry->waiting, {})) answer(header);
}

void Authorizations::forget(const std::string& server) {
  std::erase_if(tokens_, [&server](const auto& token) { return token.second.server == server; });
}

}  // namespace bulkhead::registry
