// The logins of Docker's client, read and never written: config.json in $DOCKER_CONFIG or
// ~/.docker.
//
//     {"credHelpers": {"ghcr.io": "gh"},            a helper for one server
//      "credsStore": "secretservice",               a helper for all others
//      "auths": {"https://index.docker.io/v1/":     where there is no helper, or it knows nothing
//                  {"auth": base64 of "user:password", "identitytoken": s}}}
//
// A server's key is its name, or an address with a scheme and the path of the API's root; the key
// itself is what a helper knows the login by. Other members are other people's business. The file
// is a stranger's: a part of the wrong type counts as not there, and is told as `broken`.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bulkhead/result.hpp"
#include "secret.hpp"

namespace bulkhead::registry {

struct DockerHelper {
  std::string name;
  std::string key;  // to ask it for
};

// What the file says about one server.
struct DockerLogin {
  std::vector<DockerHelper> helpers;  // to be asked in this order, before `stored`
  std::optional<Credential> stored;
  std::vector<std::string> broken;  // "auths[\"ghcr.io\"].auth is not base64 of user:password"
};

// `server` as images name it. kInvalid if it isn't a JSON object.
Result<DockerLogin> parse_docker_config(std::string_view text, const std::string& server);

}  // namespace bulkhead::registry
