// The host process of a network: started when a container joins, replaced when it dies, ended when
// it has been without members for a while.
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <functional>

#include "log.hpp"
#include "model/dns_decide.hpp"
#include "model/network_decide.hpp"
#include "networks.hpp"

namespace bulkhead::engine {
namespace {

constexpr uint64_t kIdleMs = 15'000;
constexpr const char* kInterfacePrefix = "bh-";
constexpr std::size_t kLongestInterface = 15;  // IFNAMSIZ without its end

// A long name is cut, and what was cut off is told apart by four digits of its hash.
std::string interface_name(const std::string& network) {
  std::string name = kInterfacePrefix + network;
  if (name.size() <= kLongestInterface) return name;
  char tail[sizeof "-1234"];
  const size_t sum = std::hash<std::string>()(network);
  std::snprintf(tail, sizeof tail, "-%04zx", sum % 0x10000);
  return name.substr(0, kLongestInterface - (sizeof tail - 1)) + tail;
}

std::chrono::milliseconds now() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
      std::chrono::steady_clock::now().time_since_epoch());
}

Json names_request(const model::State& state) {
  return {{"domains", model::container_domains(state)}, {"hostNames", model::host_domains(state)}};
}

}  // namespace

void Networks::with_host(const std::string& name, std::function<void(Status)> then) {
  Link& link = links_[name];
  if (link.life == Life::kReady) {
    link.timer.reset();  // it is not idle any more
    return then({});
  }
  link.waiting.push_back(std::move(then));
  if (link.life == Life::kAbsent) launch(name);
}

void Networks::launch(const std::string& name) {
  Link& link = links_[name];
  link.timer.reset();
  if (link.life != Life::kAbsent) return;
  if (closing_) return failed(name, {Code::kUnavailable, "the service is stopping", {}});
  // The former host may still be on its way out.
  if (parts_.hosts.find(name)) {
    link.life = Life::kStarting;
    return parts_.hosts.when_gone(name, [this, name] {
      links_[name].life = Life::kAbsent;
      launch(name);
    });
  }
  link.life = Life::kStarting;
  link.generation = ++launches_;
  uint64_t generation = link.generation;
  std::error_code error;
  std::filesystem::create_directories(parts_.data_dir + "/" + name, error);
  std::filesystem::create_directories(parts_.socket_dir, error);
  // Names its socket: the journal's position, which grows with each host-started, and apart from
  // launches at the same one.
  auto number = uint64_t(state().seq) * 1000 + generation % 1000;
  parts_.hosts.launch(
      name, number,
      [this, name](const model::RuntimeHost& host, std::function<void()> go) {
        note(name, "network.host-started",
             {{"hostPid", host.pid},
              {"hostSocket", host.socket},
              {"hostStartTime", host.start_time}},
             [this, name, go = std::move(go)](const Status& noted) {
               if (noted) return go();
               parts_.hosts.kill(name);
               failed(name, noted.error());
             });
      },
      [this, name, generation](const Result<model::RuntimeHost>& launched) {
        Link& starting = links_[name];
        if (starting.generation != generation || starting.life != Life::kStarting) return;
        auto found = state().networks.find(name);
        PluginPort* host = parts_.hosts.find(name);
        if (!launched) return failed(name, Error(launched.error()).context("start its host"));
        if (!host || found == state().networks.end())
          return failed(name, {Code::kUnavailable, "it is not there any more", {}});
        const model::NetworkState& network = found->second;
        Json request = {{"network", name},
                        {"subnet", network.subnet.text()},
                        {"gateway", model::address4_text(network.subnet.gateway())},
                        {"subnetV6", network.subnet_v6.text()},
                        {"gatewayV6", network.subnet_v6.address(1)},
                        {"mtu", network.mtu()},
                        {"internal", network.internal},
                        {"hostLoopback", network.host_loopback()}};
        request.update(names_request(state()));
        if (parts_.taps) request["tap"] = interface_name(name);
        host->ask("network.create", request, [this, name, generation](const Result<Json>& created) {
          if (links_[name].generation != generation) return;
          if (!created) {
            parts_.hosts.kill(name);
            return failed(name, created.error());
          }
          if (std::string tap = created->value("tap", std::string()); !tap.empty())
            note(name, "network.host-ready", {{"interface", tap}});
          else if (std::string why = created->value("noTap", std::string()); !why.empty())
            note(name, "network.host-ready", {{"noInterface", why}});
          restore_all(name, [this, name, generation] {
            if (links_[name].generation == generation) ready(name);
          });
        });
      });
}

void Networks::ready(const std::string& name) {
  Link& link = links_[name];
  if (link.life != Life::kStarting) return;
  link.life = Life::kReady;
  for (const auto& then : std::exchange(link.waiting, {})) then({});
  rest_if_idle(name);
}

void Networks::failed(const std::string& name, const Error& error) {
  Link& link = links_[name];
  link.life = Life::kAbsent;
  log::warning("network " + name + ": " + error.message);
  for (const auto& then : std::exchange(link.waiting, {})) then(fail(error));
}

void Networks::host_gone(const std::string& name, bool dismissed, const std::string& how) {
  Link& link = links_[name];
  bool was_absent = link.life == Life::kAbsent;
  note(name, "network.host-ended", {{"reason", dismissed ? "not needed" : how}});
  if (!was_absent)
    failed(name, {Code::kUnavailable, dismissed ? "its host was ended" : "its host " + how, {}});
  if (closing_ || !has_members(name)) return;
  auto delay = dismissed ? std::optional(plugins::RestartPolicy::Milliseconds(0))
                         : link.policy.crashed(now());
  if (!delay) return log::error("network " + name + " keeps failing and is left alone");
  link.timer = std::make_unique<loop::Timer>(parts_.loop, [this, name] { launch(name); });
  link.timer->start(uint64_t(delay->count()));
}

void Networks::rest_if_idle(const std::string& name) {
  Link& link = links_[name];
  if (closing_ || link.life != Life::kReady || has_members(name)) return;
  link.timer = std::make_unique<loop::Timer>(parts_.loop, [this, name] {
    Link& idle = links_[name];
    if (idle.life != Life::kReady || has_members(name)) return;
    idle.life = Life::kAbsent;
    parts_.hosts.dismiss(name);
  });
  link.timer->start(kIdleMs);
}

void Networks::configure(const std::string& name) {
  PluginPort* host = parts_.hosts.find(name);
  if (!host) return;
  host->ask("network.configure", names_request(state()), [name](const Result<Json>& configured) {
    if (!configured) log::warning("names of network " + name + ": " + configured.error().message);
  });
}

void Networks::names_changed() {
  for (const auto& [name, link] : links_)
    if (link.life != Life::kAbsent) configure(name);
}

}  // namespace bulkhead::engine
