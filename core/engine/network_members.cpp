// Who is on which network: join, leave, and taking members in again when a network's host was
// replaced.
#include "log.hpp"
#include "model/host_names.hpp"
#include "model/network_decide.hpp"
#include "model/read_json.hpp"
#include "networks.hpp"

namespace bulkhead::engine {

struct Networks::Joining {
  std::string id;
  std::vector<std::string> networks;
  size_t next = 0;
  std::vector<UniqueFd> fds;
  Joined done;
};

Json Networks::attach_request(const std::string& name, const model::ContainerState& container,
                              bool restored) const {
  const model::Lease* lease = container.lease(name);
  Json request = {{"container", container.id},
                  {"mac", lease->mac},
                  {"ipv4", lease->ipv4},
                  {"ipv6", lease->ipv6},
                  {"names", model::names_on(container, name)},
                  {"ports", Json::array()},
                  {"restore", restored}};
  // The host's ports lead to the first network.
  if (container.leases.front().network == name)
    request["ports"] = model::member(container.configuration, "publishedPorts");
  return request;
}

void Networks::join(const std::string& id, Joined joined) {
  auto joining = std::make_shared<Joining>();
  joining->id = id;
  joining->done = std::move(joined);
  // What an earlier start has left must be gone: the same ports can't be opened twice.
  leave(id, [this, joining] {
    const model::ContainerState* container = state().container(joining->id);
    if (!container || container->leases.empty()) return joining->done(std::vector<UniqueFd>());
    for (const model::Lease& lease : container->leases) joining->networks.push_back(lease.network);
    members_[joining->id];
    join_next(joining);
  });
}

void Networks::join_next(const std::shared_ptr<Joining>& joining) {
  const std::string& id = joining->id;
  auto give_up = [this, joining](Error error) {
    leave(joining->id, [joining, error = std::move(error)] { joining->done(fail(error)); });
  };
  if (joining->next == joining->networks.size()) return joining->done(std::move(joining->fds));
  std::string name = joining->networks[joining->next++];
  members_[id].networks[name] = 0;  // so that its host is not taken for idle
  with_host(name, [this, joining, name, give_up](const Status& ready) {
    if (!ready) return give_up(Error(ready.error()).context("network " + name));
    const model::ContainerState* container = state().container(joining->id);
    PluginPort* host = parts_.hosts.find(name);
    auto member = members_.find(joining->id);
    if (!container || !host || member == members_.end())
      return give_up({Code::kUnavailable, "network " + name + " is not there any more", {}});
    member->second.networks[name] = links_[name].generation;
    host->transact(
        unjournaled_op(), "network.attach", attach_request(name, *container, false), {}, {},
        [this, joining, name, give_up](const Result<Json>& attached, std::vector<UniqueFd> fds) {
          if (!attached) return give_up(Error(attached.error()).context("join network " + name));
          if (fds.size() != 2)
            return give_up({Code::kInternal,
                            "network " + name + " answered with " + std::to_string(fds.size()) +
                                " descriptors instead of 2",
                            {}});
          for (UniqueFd& fd : fds) joining->fds.push_back(std::move(fd));
          join_next(joining);
        });
  });
}

void Networks::leave(const std::string& id, std::function<void()> done) {
  auto found = members_.find(id);
  if (found == members_.end()) return done();
  Member& member = found->second;
  member.leaving.push_back(std::move(done));
  if (std::exchange(member.is_leaving, true)) return;
  auto left_networks = std::make_shared<size_t>(1);
  auto one_done = [this, id, left_networks] {
    if (--*left_networks == 0) left(id);
  };
  std::vector<std::string> names;
  for (const auto& [name, generation] : member.networks) names.push_back(name);
  for (const std::string& name : names) {
    PluginPort* host = parts_.hosts.find(name);
    if (!host) continue;
    ++*left_networks;
    // A host that can't answer is gone, and its ports with it.
    host->ask("network.detach", {{"container", id}},
              [one_done](const Result<Json>&) { one_done(); });
  }
  one_done();
}

void Networks::left(const std::string& id) {
  auto gone = members_.extract(id);
  if (gone.empty()) return;
  for (const auto& [name, generation] : gone.mapped().networks) rest_if_idle(name);
  for (const auto& then : gone.mapped().leaving) then();
}

bool Networks::has_members(const std::string& name) const {
  for (const auto& [id, member] : members_)
    if (member.networks.count(name)) return true;
  return false;
}

void Networks::confirm(const std::string& id) {
  auto found = members_.find(id);
  if (found == members_.end()) return;
  for (const auto& [name, generation] : found->second.networks)
    if (const Link& link = links_[name]; link.life == Life::kReady && link.generation != generation)
      restore(name, id, [] {});
}

void Networks::restore_all(const std::string& name, std::function<void()> then) {
  std::vector<std::string> ids;
  for (const auto& [id, member] : members_)
    if (member.networks.count(name) && !member.is_leaving) ids.push_back(id);
  auto left_members = std::make_shared<size_t>(ids.size() + 1);
  auto one_done = [left_members, then = std::move(then)] {
    if (--*left_members == 0) then();
  };
  for (const std::string& id : ids) restore(name, id, one_done);
  one_done();
}

// One that is only starting has no machine yet and can't be asked: confirm() comes for it.
void Networks::restore(const std::string& name, const std::string& id, std::function<void()> then) {
  PluginPort* runtime = parts_.runtimes.find(id);
  if (!runtime) return then();
  runtime->transact(
      unjournaled_op(), "runtime.links", Json::object(), {}, {},
      [this, name, id, then](const Result<Json>& links, std::vector<UniqueFd> fds) {
        const model::ContainerState* container = state().container(id);
        PluginPort* host = parts_.hosts.find(name);
        auto member = members_.find(id);
        if (!links || !container || !host || member == members_.end() || !container->lease(name))
          return then();
        std::vector<std::string> networks = model::read_texts(*links, "networks");
        for (size_t i = 0; i < networks.size() && i < fds.size(); ++i) {
          if (networks[i] != name) continue;
          member->second.networks[name] = links_[name].generation;
          return host->call(
              unjournaled_op(), "network.attach", attach_request(name, *container, true),
              one_descriptor(std::move(fds[i])), [name, id, then](const Result<Json>& attached) {
                if (!attached)
                  log::warning("container " + id + " is not back on network " + name + ": " +
                               attached.error().message);
                then();
              });
        }
        then();
      });
}

}  // namespace bulkhead::engine
