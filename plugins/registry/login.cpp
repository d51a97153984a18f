#include "login.hpp"

namespace bulkhead::registry {

LoginCheck::LoginCheck(Connections& connections, Remote remote, Credential credential,
                       std::function<void()> accepted, Told told)
    : connections_(connections),
      remote_(std::move(remote)),
      endpoint_(endpoints_of(remote_, connections.settings, false).front()),
      credential_(std::move(credential)),
      accepted_(std::move(accepted)),
      told_(std::move(told)) {
  ask({}, [this](Result<HttpHead> head) {
    if (head) return accepted_();
    const HttpHead refusal = call_->head();
    if (refusal.status == 401) return challenged(refusal);
    refuse(std::move(head.error()));
  });
}

void LoginCheck::ask(const std::string& authorization,
                     std::function<void(Result<HttpHead>)> answered) {
  RegistryCall::Request request;
  request.what = "log in to " + remote_.reference.domain;
  request.path = "/v2/";
  request.endpoints = {endpoint_};
  request.authorized = false;
  request.authorization = authorization;
  RegistryCall::Handler handler;
  handler.done = std::move(answered);
  call_ = std::make_unique<RegistryCall>(connections_, std::move(request), std::move(handler));
}

void LoginCheck::challenged(const HttpHead& head) {
  const auto challenge = choose_challenge(head.field("www-authenticate"));
  if (!challenge) {
    return refuse({Code::kUnsupported,
                   remote_.reference.domain + " wants a kind of login that isn't known here",
                   {}});
  }
  connections_.authorizations.try_credential(
      endpoint_, {}, *challenge, credential_, [this, alive = alive_](Result<std::string> header) {
        if (!*alive) return;
        if (!header) return refuse(std::move(header.error()));
        ask(*header, [this](Result<HttpHead> answer) { answered(std::move(answer)); });
      });
}

void LoginCheck::answered(Result<HttpHead> head) {
  if (head) return accepted_();
  refuse(std::move(head.error()));
}

void LoginCheck::refuse(Error error) {
  auto done = std::move(told_.done);
  if (error.code == Code::kDenied) {
    error.message = remote_.reference.domain + " refuses this user name and password";
    error.hint.clear();
  }
  done(fail(std::move(error)));  // `this` may be gone after it
}

}  // namespace bulkhead::registry
