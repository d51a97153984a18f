// WWW-Authenticate (RFC 9110, 11.6.1), as registries send it:
//
//     Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="..."
//     Basic realm="Registry"
//
// One field may hold several challenges. What is understood of them is kept, the rest is skipped:
// a registry may offer ways that nobody here knows.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace bulkhead::registry {

struct Challenge {
  bool bearer = false;  // else Basic
  std::string realm, service, scope;
};

std::vector<Challenge> parse_challenges(std::string_view field);
// The one that is answered: Bearer if there is one, else Basic.
std::optional<Challenge> choose_challenge(std::string_view field);

}  // namespace bulkhead::registry
