// Logins. What is kept of them is the registry plugin's business; the journal says who logged in
// where and when, and never with what.
#pragma once

#include <string>

#include "bulkhead/result.hpp"
#include "model/event.hpp"
#include "model/state.hpp"

namespace bulkhead::model {

// Intents on registry/<server>, in the spelling that images use: registry.login {"server",
// "username", "scheme"}, registry.logout {"server"}. `server` is as it was typed; who types
// https:// means it, under "auto" too.
Result<Decision> decide_registry_login(const std::string& server, const std::string& username,
                                       const std::string& scheme, const Origin& origin);
Result<Decision> decide_registry_logout(const std::string& server, const Origin& origin);

}  // namespace bulkhead::model
