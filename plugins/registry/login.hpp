// registry.login: whether a registry accepts a credential. It is asked as a client would ask that
// wants nothing in particular, GET /v2/; one that lets everybody in accepts every credential.
#pragma once

#include <memory>

#include "errand.hpp"
#include "registry_call.hpp"

namespace bulkhead::registry {

class LoginCheck : public Errand {
 public:
  // `accepted`, or told.done with the reason why not.
  LoginCheck(Connections& connections, Remote remote, Credential credential,
             std::function<void()> accepted, Told told);
  ~LoginCheck() override { *alive_ = false; }

 private:
  void ask(const std::string& authorization, std::function<void(Result<HttpHead>)> answered);
  void challenged(const HttpHead& head);
  void answered(Result<HttpHead> head);
  void refuse(Error error);

  Connections& connections_;
  Remote remote_;
  Endpoint endpoint_;
  Credential credential_;
  std::function<void()> accepted_;
  Told told_;
  std::unique_ptr<RegistryCall> call_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace bulkhead::registry
