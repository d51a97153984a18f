#include "credential_file.hpp"

#include <algorithm>
#include <ctime>

#include "bulkhead/json.hpp"
#include "private_file.hpp"
#include "sealed.hpp"

namespace bulkhead::registry {
namespace {

constexpr size_t kLargest = 1 << 20;

Result<KeptLogin> login_of(const Json& entry) {
  KeptLogin kept;
  for (const auto& [name, to] : {std::pair{"server", &kept.login.server},
                                 {"username", &kept.login.username},
                                 {"createdAt", &kept.login.created_at},
                                 {"modifiedAt", &kept.login.modified_at}}) {
    auto text = string_at(entry, name);
    if (!text) return fail(std::move(text.error()));
    *to = std::move(*text);
  }
  auto password = string_at(entry, "password");
  if (!password) return fail(std::move(password.error()));
  kept.credential = {kept.login.username, Secret(std::move(*password)),
                     bool_or(entry, "identityToken", false)};
  return kept;
}

std::string text_of(const std::vector<KeptLogin>& logins) {
  Json entries = Json::array();
  for (const auto& [login, credential] : logins) {
    entries.push_back({{"server", login.server},
                       {"username", credential.username},
                       {"password", credential.password.reveal()},
                       {"identityToken", credential.is_identity_token},
                       {"createdAt", login.created_at},
                       {"modifiedAt", login.modified_at}});
  }
  return dump_json({{"logins", std::move(entries)}});
}

auto of_server(const std::string& server) {
  return [&server](const KeptLogin& kept) { return kept.login.server == server; };
}

}  // namespace

std::string utc_text(int64_t seconds) {
  const auto time = static_cast<time_t>(seconds);
  tm parts{};
  gmtime_r(&time, &parts);
  char text[64];
  return {text, std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts)};
}

std::string utc_now() {
  return utc_text(std::time(nullptr));
}

Result<std::vector<KeptLogin>> parse_logins(std::string_view text) {
  const auto document = parse_json(text, 8);
  if (!document) return fail(Code::kCorrupt, document.error().message);
  if (!document->is_object() || !document->contains("logins") || !document->at("logins").is_array())
    return fail(Code::kCorrupt, "it holds no list of logins");
  std::vector<KeptLogin> logins;
  for (const Json& entry : document->at("logins")) {
    auto login = login_of(entry);
    if (!login) return fail(Code::kCorrupt, "a login in it lacks one of its parts");
    logins.push_back(std::move(*login));
  }
  return logins;
}

Result<std::optional<KeptLogin>> CredentialFile::find(const std::string& server) const {
  auto logins = read();
  if (!logins) return fail(std::move(logins.error()));
  const auto found = std::find_if(logins->begin(), logins->end(), of_server(server));
  if (found == logins->end()) return std::optional<KeptLogin>();
  return std::optional<KeptLogin>(std::move(*found));
}

Status CredentialFile::keep(const std::string& server, const Credential& credential) const {
  const auto lock = lock_private_directory(root_);
  if (!lock) return fail(lock.error());
  auto logins = read();
  if (!logins) return fail(std::move(logins.error()));
  const std::string now = utc_now();
  auto place = std::find_if(logins->begin(), logins->end(), of_server(server));
  if (place == logins->end()) {
    place = logins->insert(place, KeptLogin{{server, {}, now, {}}, {}});
  }
  place->login.username = credential.username;
  place->login.modified_at = now;
  place->credential = credential;
  return write(*logins);
}

Result<bool> CredentialFile::forget(const std::string& server) const {
  // Without a file nothing is made, not even the directory.
  auto before = find(server);
  if (!before) return fail(std::move(before.error()));
  if (!*before) return false;
  const auto lock = lock_private_directory(root_);
  if (!lock) return fail(lock.error());
  auto logins = read();
  if (!logins) return fail(std::move(logins.error()));
  if (std::erase_if(*logins, of_server(server)) == 0) return false;
  if (auto written = write(*logins); !written) return fail(std::move(written.error()));
  return true;
}

Result<std::vector<Login>> CredentialFile::list() const {
  auto kept = read();
  if (!kept) return fail(std::move(kept.error()));
  std::vector<Login> logins;
  for (KeptLogin& each : *kept) logins.push_back(std::move(each.login));
  return logins;
}

Result<std::vector<KeptLogin>> CredentialFile::read() const {
  const auto content = read_private_file(sealed(), kLargest);
  if (!content) return fail(content.error());
  if (!*content) return std::vector<KeptLogin>();
  const auto unreadable = [this](const std::string& why) {
    return fail(Code::kCorrupt, "the logins in " + sealed() + " can't be read: " + why,
                "remove this file and log in again");
  };
  const auto key = read_key();
  if (!key) return fail(key.error());
  if (!*key) return unreadable("its key, " + this->key() + ", is missing");
  auto text = open_sealed(**content, (*key)->reveal());
  if (!text) return unreadable(text.error().message);
  auto logins = parse_logins(*text);
  wipe(*text);
  if (!logins) return unreadable(logins.error().message);
  return logins;
}

Status CredentialFile::write(const std::vector<KeptLogin>& logins) const {
  auto key = read_key();
  if (key && !*key) key = make_key();
  if (!key) return fail(std::move(key.error()));
  std::string text = text_of(logins);
  const auto sealed_text = seal(text, (*key)->reveal());
  wipe(text);
  if (!sealed_text) return fail(sealed_text.error());
  return replace_private_file(sealed(), *sealed_text);
}

Result<std::optional<Secret>> CredentialFile::read_key() const {
  auto key = read_private_file(this->key(), kSealKeySize);
  if (!key && key.error().code != Code::kCorrupt) return fail(std::move(key.error()));
  if (!key || (*key && (*key)->size() != kSealKeySize)) {
    return fail(Code::kCorrupt, this->key() + " is not a key of this program",
                "remove it and " + sealed() + ", and log in again");
  }
  if (!*key) return std::optional<Secret>();
  return std::optional<Secret>(std::move(**key));
}

Result<std::optional<Secret>> CredentialFile::make_key() const {
  auto key = new_seal_key();
  if (!key) return fail(std::move(key.error()));
  std::optional<Secret> secret(std::move(*key));
  if (auto kept = replace_private_file(this->key(), secret->reveal()); !kept) {
    return fail(std::move(kept.error()));
  }
  return secret;
}

}  // namespace bulkhead::registry
