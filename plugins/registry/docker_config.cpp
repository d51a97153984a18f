#include "docker_config.hpp"

#include <openssl/evp.h>

#include <algorithm>

#include "bulkhead/json.hpp"
#include "bulkhead/server_name.hpp"
#include "credential_helper.hpp"

namespace bulkhead::registry {
namespace {

const std::string kHubKey = "https://index.docker.io/v1/";

// The server's key in a table: the usual one if it is there, else the first that means the server.
std::optional<std::string> key_in(const Json& table, const std::string& server) {
  const std::string usual = server == "docker.io" ? kHubKey : server;
  if (table.contains(usual)) return usual;
  for (const auto& [key, value] : table.items()) {
    const auto name = server_of_login(key);
    if (name && *name == server) return key;
  }
  return std::nullopt;
}

std::optional<std::string> base64(std::string_view text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.remove_suffix(1);
  if (text.empty() || text.size() % 4 != 0 || text.size() > (1 << 20)) return std::nullopt;
  std::string bytes(text.size() / 4 * 3, '\0');
  const int size = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(bytes.data()),
                                   reinterpret_cast<const unsigned char*>(text.data()),
                                   static_cast<int>(text.size()));
  if (size < 0) return std::nullopt;
  // OpenSSL counts what the padding stands for as zeros.
  const size_t padding = text.ends_with("==") ? 2 : text.ends_with('=') ? 1 : 0;
  bytes.resize(static_cast<size_t>(size) - padding);
  return bytes;
}

std::optional<Credential> user_and_password(const std::string& auth) {
  auto text = base64(auth);
  if (!text) return std::nullopt;
  // Docker's client once padded with zeros.
  const size_t zeros = text->find_last_not_of('\0');
  if (zeros != std::string::npos) text->resize(zeros + 1);
  const size_t colon = text->find(':');
  std::optional<Credential> credential;
  if (colon != std::string::npos && colon > 0) {
    credential = {text->substr(0, colon), Secret(text->substr(colon + 1)), false};
  }
  wipe(*text);
  return credential;
}

// Each reader takes one member of the document, if it is there and of the right type.
class Reader {
 public:
  Reader(const Json& document, const std::string& server) : document_(document), server_(server) {}

  DockerLogin read() {
    const Json& auths = object("auths");
    const auto key = key_in(auths, server_);
    const std::string usual = server_ == "docker.io" ? kHubKey : server_;
    const Json& helpers = object("credHelpers");
    if (const auto own = key_in(helpers, server_)) {
      add_helper(helpers.at(*own), "credHelpers[\"" + *own + "\"]", key.value_or(usual));
    }
    if (document_.contains("credsStore")) {
      add_helper(document_.at("credsStore"), "credsStore", key.value_or(usual));
    }
    if (key) take_auth(auths.at(*key), "auths[\"" + *key + "\"]");
    return std::move(login_);
  }

 private:
  const Json& object(const char* name) {
    static const Json kNone = Json::object();
    const auto found = document_.find(name);
    if (found == document_.end() || found->is_null()) return kNone;
    if (found->is_object()) return *found;
    login_.broken.push_back(std::string(name) + " is not an object");
    return kNone;
  }

  void add_helper(const Json& name, const std::string& where, const std::string& key) {
    const auto* text = name.get_ptr<const std::string*>();
    if (text != nullptr && text->empty()) return;  // Docker's way to say: none
    if (text != nullptr && is_helper_name(*text)) {
      login_.helpers.push_back({*text, key});
    } else {
      login_.broken.push_back(where + " is not the name of a credential helper");
    }
  }

  void take_auth(const Json& entry, const std::string& where) {
    const std::string auth = string_or(entry, "auth", "");
    std::string token = string_or(entry, "identitytoken", "");
    if (!auth.empty()) login_.stored = user_and_password(auth);
    if (!auth.empty() && !login_.stored) {
      login_.broken.push_back(where + ".auth is not base64 of user:password");
    }
    if (!token.empty()) {
      std::string username = login_.stored ? login_.stored->username : "<token>";
      login_.stored = {std::move(username), Secret(std::move(token)), true};
    }
  }

  const Json& document_;
  const std::string& server_;
  DockerLogin login_;
};

}  // namespace

Result<DockerLogin> parse_docker_config(std::string_view text, const std::string& server) {
  const auto document = parse_json(text);
  if (!document) return fail(document.error());
  if (!document->is_object()) return fail(Code::kInvalid, "it is not a JSON object");
  return Reader(*document, server).read();
}

}  // namespace bulkhead::registry
