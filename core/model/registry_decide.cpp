#include "model/registry_decide.hpp"

#include <strings.h>

#include <algorithm>

#include "bulkhead/server_name.hpp"
#include "model/facts.hpp"

namespace bulkhead::model {
namespace {

constexpr std::size_t kLongest = 255;

Status check_username(const std::string& text) {
  bool good =
      !text.empty() && text.size() <= kLongest &&
      std::all_of(text.begin(), text.end(), [](unsigned char c) { return c > ' ' && c != 127; });
  if (good) return {};
  return fail(Code::kInvalid, "a user name must have 1 to 255 characters and no blanks");
}

Decision one(const char* type, const std::string& server, Json data, const Origin& origin) {
  data["server"] = server;
  Decision decision;
  decision.push_back(intent(stream_name("registry", server), type, std::move(data), origin));
  return decision;
}

}  // namespace

Result<Decision> decide_registry_login(const std::string& server, const std::string& username,
                                       const std::string& scheme, const Origin& origin) {
  auto name = server_of_login(server);
  if (!name) return fail(std::move(name.error()));
  if (auto good = check_username(username); !good) return fail(std::move(good.error()));
  const bool typed_https = strncasecmp(server.c_str(), "https://", 8) == 0;
  return one(
      "registry.login", *name,
      {{"username", username}, {"scheme", scheme == "auto" && typed_https ? "https" : scheme}},
      origin);
}

Result<Decision> decide_registry_logout(const std::string& server, const Origin& origin) {
  auto name = server_of_login(server);
  if (!name) return fail(std::move(name.error()));
  return one("registry.logout", *name, Json::object(), origin);
}

}  // namespace bulkhead::model
