// Logins to registries: carried out by the registry plugin, which keeps them. A password goes from
// the request to the plugin; the journal says who logged in where.
#pragma once

#include <string>

#include "operations.hpp"

namespace bulkhead::engine {

class Registries {
 public:
  Registries(Operations& operations, PluginPort& registry)
      : operations_(operations), registry_(registry) {}

  // request: {"server", "username", "password", "scheme"}. Answer: {"server", "username", "kept"}.
  void login(const Json& request, const model::Origin& origin, Answer done);
  void logout(const std::string& server, const model::Origin& origin, Answer done);
  // [Login] as `registry list` shows them: {"id", "name", "username", "creationDate", ...}.
  void list(Answer done);

 private:
  Operations& operations_;
  PluginPort& registry_;
};

}  // namespace bulkhead::engine
