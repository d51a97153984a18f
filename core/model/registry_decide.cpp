#include "model/registry_decide.hpp"

#include <algorithm>

#include "model/facts.hpp"

namespace bulkhead::model {
namespace {

constexpr std::size_t kLongest = 255;

// What it means is the plugin's to say; it must only be fit for a stream's name and a log.
Status check_text(const std::string& text, const char* what) {
  bool good =
      !text.empty() && text.size() <= kLongest &&
      std::all_of(text.begin(), text.end(), [](unsigned char c) { return c > ' ' && c != 127; });
  if (good) return {};
  return fail(Code::kInvalid, std::string(what) + " must have 1 to 255 characters and no blanks");
}

}  // namespace

Result<Decision> decide_registry_login(const std::string& server, const std::string& username,
                                       const Origin& origin) {
  if (auto good = check_text(server, "a server"); !good) return fail(std::move(good.error()));
  if (auto good = check_text(username, "a user name"); !good) return fail(std::move(good.error()));
  Decision decision;
  decision.push_back(intent(stream_name("registry", server), "registry.login",
                            {{"server", server}, {"username", username}}, origin));
  return decision;
}

Result<Decision> decide_registry_logout(const std::string& server, const Origin& origin) {
  if (auto good = check_text(server, "a server"); !good) return fail(std::move(good.error()));
  Decision decision;
  decision.push_back(
      intent(stream_name("registry", server), "registry.logout", {{"server", server}}, origin));
  return decision;
}

}  // namespace bulkhead::model
