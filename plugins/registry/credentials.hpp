// Who we are to a registry. Asked in this order, the first that knows answers:
//
//     CONTAINER_REGISTRY_USER and _TOKEN, where CONTAINER_REGISTRY_HOST is the server
//     what `registry login` kept: in the keyring where one answers, else in a file
//     Docker's client: its helpers, then what stands in its config.json
//
// Whether a keyring answers may change from call to call (a desktop locks its own), so both of our
// stores are asked, and the newer login counts. Docker's files are somebody else's: one that is
// broken is worth a warning and no failure. A warning never holds a secret.
//
// Servers are named as server_of_login takes them. All calls may block (the keyring for two
// seconds, a helper of Docker's for ten) and are safe from any thread.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "bulkhead/result.hpp"
#include "credential_file.hpp"
#include "keyring.hpp"
#include "secret.hpp"

namespace bulkhead::registry {

class Credentials {
 public:
  using Warn = std::function<void(const std::string& text)>;      // from any thread
  using Variable = std::function<const char*(const char* name)>;  // getenv, or a test's

  Credentials(std::string root, Warn warn, Variable variable = environment());

  Result<std::optional<Credential>> find(const std::string& server);
  // Where it is now: "secret-service" or "file".
  Result<std::string> keep(const std::string& server, const Credential& credential);
  // From both stores; false if neither had it.
  Result<bool> forget(const std::string& server);
  // Only those kept by us, sorted by server.
  Result<std::vector<Login>> list();

 private:
  static Variable environment();
  std::string variable(const char* name) const;
  std::optional<Credential> from_environment(const std::string& server) const;
  Result<std::optional<Credential>> from_stores(const std::string& server);
  std::optional<Credential> from_docker(const std::string& server) const;
  std::string docker_config() const;
  // Tells why the keyring wasn't used, unless there just isn't one.
  void tell(const Error& error) const;

  CredentialFile file_;
  Keyring keyring_;
  Warn warn_;
  Variable variable_;
};

}  // namespace bulkhead::registry
