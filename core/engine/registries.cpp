#include "registries.hpp"

#include "model/property_decide.hpp"
#include "model/read_json.hpp"
#include "model/registry_decide.hpp"

namespace bulkhead::engine {

void Registries::login(const Json& request, const model::Origin& origin, Answer done) {
  Operations::Steps steps;
  steps.decide = [request, origin](const model::State&) {
    return model::decide_registry_login(model::read_text(request, "server"),
                                        model::read_text(request, "username"),
                                        model::read_text(request, "scheme", "auto"), origin);
  };
  steps.effect = [this, password = model::read_text(request, "password")](
                     const model::Event& intent, const Report& report) {
    Json call = intent.data;
    call["password"] = password;
    if (auto domain = model::property_value(operations_.state(), "dns.domain"))
      call["localDomain"] = *domain;
    registry_.call(static_cast<uint64_t>(intent.seq), "registry.login", call, {},
                   [report](Result<Json> result) {
                     report({std::move(result), {}});
                   });
  };
  operations_.perform(origin, std::move(steps), std::move(done));
}

void Registries::logout(const std::string& server, const model::Origin& origin, Answer done) {
  Operations::Steps steps;
  steps.decide = [server, origin](const model::State&) {
    return model::decide_registry_logout(server, origin);
  };
  steps.effect = [this](const model::Event& intent, const Report& report) {
    registry_.call(static_cast<uint64_t>(intent.seq), "registry.logout", intent.data, {},
                   [report](Result<Json> result) {
                     report({std::move(result), {}});
                   });
  };
  operations_.perform(origin, std::move(steps), std::move(done));
}

void Registries::list(Answer done) {
  registry_.ask("registry.list", Json::object(), [done = std::move(done)](Result<Json> result) {
    if (!result) return done(std::move(result));
    Json logins = Json::array();
    for (const Json& login : model::member(*result, "logins"))
      logins.push_back({{"id", model::read_text(login, "server")},
                        {"name", model::read_text(login, "server")},
                        {"username", model::read_text(login, "username")},
                        {"creationDate", model::read_text(login, "createdAt")},
                        {"modificationDate", model::read_text(login, "modifiedAt")},
                        {"labels", Json::object()}});
    done(std::move(logins));
  });
}

}  // namespace bulkhead::engine
