// Commands on networks and domains, and what the start and the end of the daemon mean for them.
#include "networks.hpp"

#include <filesystem>

#include "host_subnets.hpp"
#include "log.hpp"
#include "model/dns_decide.hpp"
#include "model/facts.hpp"
#include "model/read_json.hpp"

namespace bulkhead::engine {

Networks::Networks(Parts parts) : parts_(std::move(parts)) {
  subscription_ = parts_.ledger.subscribe([this](const model::Event& event) {
    if (event.stream.starts_with("dns/") || event.stream == "property/dns.domain") names_changed();
  });
}

Networks::~Networks() {
  parts_.ledger.unsubscribe(subscription_);
}

void Networks::decide(store::Ledger::Command command, std::function<Result<Json>()> view,
                      Answer done) {
  parts_.ledger.decide(std::move(command), [view = std::move(view), done = std::move(done)](
                                               const Result<std::vector<model::Event>>& committed) {
    if (!committed) return done(fail(committed.error()));
    done(view());
  });
}

void Networks::note(const std::string& name, const char* type, Json data,
                    std::function<void(Status)> then) {
  auto fact = model::fact("network/" + name, type, std::move(data));
  parts_.ledger.record(
      {fact}, [name, then = std::move(then)](const Result<std::vector<model::Event>>& committed) {
        if (then) return then(committed ? Status() : fail(committed.error()));
        if (!committed) log::warning("network " + name + ": " + committed.error().message);
      });
}

void Networks::create(model::CreateNetwork command, const model::Origin& origin, Answer done) {
  command.host_subnets = host_subnets();
  std::string name = command.name;
  decide(
      [command = std::move(command), origin](const model::State& state) {
        return model::decide_network_create(state, command, origin);
      },
      [this, name]() -> Result<Json> {
        auto network = model::find_network(state(), name);
        if (!network) return fail(network.error());
        return model::network_view(**network);
      },
      std::move(done));
}

void Networks::remove(const std::string& name, const model::Origin& origin, Answer done) {
  decide(
      [name, origin](const model::State& state) {
        return model::decide_network_delete(state, name, origin);
      },
      [this, name]() -> Result<Json> {
        if (parts_.hosts.find(name)) parts_.hosts.dismiss(name);
        std::error_code error;
        std::filesystem::remove_all(parts_.data_dir + "/" + name, error);
        return Json{{"id", name}};
      },
      std::move(done));
}

void Networks::prune(const model::Origin& origin, Answer done) {
  struct Progress {
    size_t left = 1;
    Json deleted = Json::array();
  };
  auto progress = std::make_shared<Progress>();
  auto one_done = [progress, done = std::move(done)] {
    if (--progress->left == 0) done(Json{{"deleted", progress->deleted}});
  };
  for (const std::string& name : model::prunable_networks(state())) {
    ++progress->left;
    remove(name, origin, [progress, name, one_done](const Result<Json>& removed) {
      if (removed) progress->deleted.push_back(name);  // else somebody uses it by now
      one_done();
    });
  }
  one_done();
}

void Networks::create_domain(const std::string& domain, const std::string& localhost,
                             const model::Origin& origin, Answer done) {
  decide(
      [domain, localhost, origin](const model::State& state) {
        return model::decide_dns_create(state, domain, localhost, origin);
      },
      [domain]() -> Result<Json> {
        return Json{{"domain", model::normalise_domain(domain)}};
      },
      std::move(done));
}

void Networks::remove_domain(const std::string& domain, const model::Origin& origin, Answer done) {
  decide([domain, origin](
             const model::State& state) { return model::decide_dns_delete(state, domain, origin); },
         [domain]() -> Result<Json> {
           return Json{{"domain", model::normalise_domain(domain)}};
         },
         std::move(done));
}

void Networks::ensure_default(std::function<void()> done) {
  if (state().networks.count(model::kDefaultNetwork)) return done();
  model::CreateNetwork command;
  command.name = model::kDefaultNetwork;
  command.labels = {{model::kRoleLabel, "builtin"}};
  create(std::move(command), {}, [done = std::move(done)](const Result<Json>& created) {
    if (!created) log::error("the default network: " + created.error().message);
    done();
  });
}

void Networks::recover(std::function<void()> done) {
  for (const auto& [id, container] : state().containers)
    if (container.host)
      for (const model::Lease& lease : container.leases) members_[id].networks[lease.network] = 0;
  ensure_default([this, done = std::move(done)] {
    end_orphans();
    auto left = std::make_shared<size_t>(1);
    auto one_done = [left, done] {
      if (--*left == 0) done();
    };
    for (const auto& [name, network] : state().networks) {
      ++*left;
      adopt(name, one_done);
    }
    one_done();
  });
}

void Networks::adopt(const std::string& name, std::function<void()> done) {
  const model::NetworkState& network = state().networks.find(name)->second;
  // Nobody waits for a new host: containers of the last daemon may be without a network for long.
  auto replace = [this, name, done] {
    if (has_members(name)) launch(name);
    done();
  };
  if (!network.host) return replace();
  parts_.hosts.adopt(name, *network.host, [this, name, replace, done](const Status& adopted) {
    if (!adopted)
      return note(name, "network.host-ended",
                  {{"reason", "did not survive: " + adopted.error().message}},
                  [replace](const Status&) { replace(); });
    log::info("network " + name + ": its host is adopted");
    Link& link = links_[name];
    link.life = Life::kReady;
    link.generation = ++launches_;
    Json alive = Json::array();
    for (auto& [id, member] : members_)
      if (auto found = member.networks.find(name); found != member.networks.end()) {
        found->second = link.generation;
        alive.push_back(id);
      }
    parts_.hosts.find(name)->ask("network.gc", {{"containers", alive}}, [](const Result<Json>&) {});
    configure(name);
    rest_if_idle(name);
    done();
  });
}

void Networks::end_orphans() {
  std::set<std::string> claimed;
  for (const auto& [name, network] : state().networks)
    if (network.host) claimed.insert(network.host->socket);
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(parts_.socket_dir, error)) {
    if (entry.path().extension() != ".sock" || claimed.contains(entry.path().string())) continue;
    log::warning("ending a network host that no network claims: " + entry.path().string());
    parts_.hosts.end_orphan(entry.path().string());
  }
}

void Networks::close(bool end_hosts, std::function<void()> done) {
  closing_ = true;
  for (auto& [name, link] : links_) link.timer.reset();
  auto left = std::make_shared<size_t>(1);
  auto one_done = [left, done = std::move(done)] {
    if (--*left == 0) done();
  };
  if (end_hosts)
    for (const std::string& name : parts_.hosts.ids()) {
      ++*left;
      parts_.hosts.dismiss(name);
      parts_.hosts.when_gone(name, one_done);
    }
  one_done();
}

}  // namespace bulkhead::engine
