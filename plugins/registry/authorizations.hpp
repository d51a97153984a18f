// What stands in the Authorization header of which request.
//
// A registry says with its first 401 how it wants to be asked: Basic, or Bearer with the address of
// a token server. That is remembered per endpoint, and a token per endpoint and scope until shortly
// before it expires, so a pull asks for one token and not for one per layer. Requests that need the
// same token at once wait for the same answer.
//
// Credentials go to the token server that the registry names, as the protocol wants it, but never
// from an https registry to an http one. Tokens live in memory only.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "bulkhead/result.hpp"
#include "challenge.hpp"
#include "endpoint.hpp"
#include "secret.hpp"

namespace bulkhead::registry {

struct Connections;

struct Scope {
  std::string repository;
  std::string actions;  // "pull", "pull,push"
  std::string text() const { return "repository:" + repository + ":" + actions; }
};

using Found = Result<std::optional<Credential>>;
// Looks a server's credential up, on another thread; answers on the loop.
using FindLogin = std::function<void(const std::string& server, std::function<void(Found)> done)>;

class Authorizations {
 public:
  Authorizations(Connections& connections, FindLogin find_login);
  ~Authorizations();

  // The header's value for this request; empty while the registry hasn't asked for any.
  std::string known(const Endpoint& endpoint, const std::vector<Scope>& scopes) const;

  using Answer = std::function<void(Result<std::string> header)>;
  // After a 401: `refused` is the value that was sent with it, which is forgotten. An empty header
  // in the answer: there is no credential, and none is needed to try.
  void obtain(const Endpoint& endpoint, const std::vector<Scope>& scopes,
              const Challenge& challenge, const std::string& refused, Answer answer);
  // The same with this credential and nothing remembered: a login.
  void try_credential(const Endpoint& endpoint, const std::vector<Scope>& scopes,
                      const Challenge& challenge, const Credential& credential, Answer answer);
  // A login or logout has changed what is known of a server.
  void forget(const std::string& server);

 private:
  struct Token {
    std::string header;
    std::string server;
    std::chrono::steady_clock::time_point good_until;
  };
  struct Inquiry;

  void run(const std::shared_ptr<Inquiry>& inquiry, const std::optional<Credential>& credential);
  void request_token(const std::shared_ptr<Inquiry>& inquiry,
                     const std::optional<Credential>& credential);
  void conclude(const std::shared_ptr<Inquiry>& inquiry, Result<std::string> header);

  Connections& connections_;
  FindLogin find_login_;
  std::map<std::string, Token> tokens_;                        // by endpoint and scopes
  std::map<std::string, std::shared_ptr<Inquiry>> inquiries_;  // under way, likewise
  uint64_t next_login_ = 0;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

// Exposed for tests. kCorrupt if the answer holds no usable token.
struct TokenAnswer {
  std::string token;
  int64_t expires_in_seconds;
};
Result<TokenAnswer> parse_token_answer(std::string_view text);
// "Basic <base64>"
std::string basic_header(const Credential& credential);

}  // namespace bulkhead::registry
