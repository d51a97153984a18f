#include "credentials.hpp"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <map>

#include "bulkhead/server_name.hpp"
#include "credential_helper.hpp"
#include "docker_config.hpp"
#include "private_file.hpp"

namespace bulkhead::registry {
namespace {

constexpr auto kHelperPatience = std::chrono::seconds(10);
constexpr size_t kLargestConfig = 4 << 20;

}  // namespace

Credentials::Credentials(std::string root, Warn warn, Variable variable)
    : file_(std::move(root)), warn_(std::move(warn)), variable_(std::move(variable)) {}

Credentials::Variable Credentials::environment() {
  return [](const char* name) -> const char* { return std::getenv(name); };
}

std::string Credentials::variable(const char* name) const {
  const char* value = variable_(name);
  return value == nullptr ? std::string() : value;
}

Result<std::optional<Credential>> Credentials::find(const std::string& server) {
  const auto name = server_of_login(server);
  if (!name) return fail(name.error());
  if (auto found = from_environment(*name)) return found;
  auto kept = from_stores(*name);
  if (!kept || *kept) return kept;
  return from_docker(*name);
}

std::optional<Credential> Credentials::from_environment(const std::string& server) const {
  const std::string host = variable("CONTAINER_REGISTRY_HOST");
  if (host.empty()) return std::nullopt;
  const auto name = server_of_login(host);
  if (!name) warn_("CONTAINER_REGISTRY_HOST is ignored: " + name.error().message);
  if (!name || *name != server) return std::nullopt;
  Credential credential{variable("CONTAINER_REGISTRY_USER"),
                        Secret(variable("CONTAINER_REGISTRY_TOKEN")), false};
  if (!credential.username.empty() && !credential.password.empty()) return credential;
  warn_("CONTAINER_REGISTRY_HOST is ignored: it needs CONTAINER_REGISTRY_USER and _TOKEN too");
  return std::nullopt;
}

Result<std::optional<Credential>> Credentials::from_stores(const std::string& server) {
  using Found = std::optional<Credential>;
  auto in_keyring = keyring_.find(server);
  if (!in_keyring) tell(in_keyring.error());
  auto in_file = file_.find(server);
  const bool has_keyring = in_keyring && *in_keyring;
  const bool has_file = in_file && *in_file;
  if (has_keyring && has_file && (*in_file)->login.modified_at > (*in_keyring)->login.modified_at) {
    return Found(std::move((*in_file)->credential));
  }
  if (has_keyring) return Found(std::move((*in_keyring)->credential));
  if (!in_file) return fail(std::move(in_file.error()));
  return has_file ? Found(std::move((*in_file)->credential)) : Found();
}

std::optional<Credential> Credentials::from_docker(const std::string& server) const {
  const std::string path = docker_config();
  if (path.empty()) return std::nullopt;
  const auto ignored = [&](const std::string& why) { warn_(path + " is ignored: " + why); };
  const auto text = read_file(path, kLargestConfig);
  if (text && !*text) return std::nullopt;
  auto login = text ? parse_docker_config(**text, server) : fail(text.error());
  if (!login) {
    ignored(login.error().message);
    return std::nullopt;
  }
  for (const std::string& part : login->broken) warn_(path + ": " + part);
  for (const DockerHelper& helper : login->helpers) {
    auto answer = ask_helper(helper.name, helper.key, kHelperPatience);
    if (!answer) warn_(path + ": " + answer.error().message);
    if (answer && *answer) return std::move(*answer);
  }
  return std::move(login->stored);
}

std::string Credentials::docker_config() const {
  if (const std::string folder = variable("DOCKER_CONFIG"); !folder.empty()) {
    return folder + "/config.json";
  }
  const std::string home = variable("HOME");
  return home.empty() ? std::string() : home + "/.docker/config.json";
}

Result<std::string> Credentials::keep(const std::string& server, const Credential& credential) {
  const auto name = server_of_login(server);
  if (!name) return fail(name.error());
  const auto in_keyring = keyring_.keep(*name, credential);
  if (!in_keyring) {
    tell(in_keyring.error());
    if (auto in_file = file_.keep(*name, credential); !in_file) {
      return fail(std::move(in_file.error()).context("keep the login to " + *name));
    }
    return std::string("file");
  }
  // An older one there isn't needed any longer; if it can't be removed, the newer one counts.
  if (const auto old = file_.forget(*name); !old) warn_(old.error().message);
  return std::string("secret-service");
}

Result<bool> Credentials::forget(const std::string& server) {
  const auto name = server_of_login(server);
  if (!name) return fail(name.error());
  const auto in_keyring = keyring_.forget(*name);
  auto in_file = file_.forget(*name);
  if (!in_file) return in_file;
  if (!in_keyring && in_keyring.error().code == Code::kDenied) {
    return fail(Code::kDenied, "remove the login to " + *name + ": the keyring is locked",
                "unlock it and log out again");
  }
  if (!in_keyring) tell(in_keyring.error());
  return *in_file || (in_keyring && *in_keyring);
}

Result<std::vector<Login>> Credentials::list() {
  auto in_file = file_.list();
  if (!in_file) return in_file;
  auto logins = keyring_.list();
  if (!logins) tell(logins.error());
  std::map<std::string, Login> newest;
  for (const auto* each : {&*in_file, logins ? &*logins : nullptr}) {
    if (each == nullptr) continue;
    for (const Login& login : *each) {
      const auto [place, is_new] = newest.emplace(login.server, login);
      if (!is_new && place->second.modified_at <= login.modified_at) place->second = login;
    }
  }
  std::vector<Login> sorted;
  for (auto& [server, login] : newest) sorted.push_back(std::move(login));
  return sorted;
}

void Credentials::tell(const Error& error) const {
  if (error.code != Code::kNotFound) warn_("the keyring isn't used: " + error.message);
}

}  // namespace bulkhead::registry
