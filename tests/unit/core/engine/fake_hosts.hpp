// Runtime hosts that exist only in the test: what is asked of them waits for its answer, and they
// end when they are killed or told to, but never from within kill(), as the real ones.
#pragma once

#include <map>
#include <set>

#include "core/engine/host_port.hpp"
#include "ledger_fixture.hpp"

namespace bulkhead::engine {

class FakeHosts : public HostPort {
 public:
  std::function<void(const std::string& id, bool dismissed, const std::string& how)> gone;
  std::map<std::string, ScriptedPlugin> hosts;
  std::vector<uint64_t> acked;
  std::vector<std::string> orphans;
  std::set<std::string> adoptable;

  void launch(const std::string& id, uint64_t, Spawned spawned, Launched launched) override {
    hosts[id];
    model::RuntimeHost known{++last_pid_, "/run/" + id + ".sock", 7};
    spawned(known, [this, id, known, launched] {
      if (hosts.contains(id)) return launched(known);
      launched(fail(Code::kUnavailable, "the runtime host has ended"));
    });
  }
  void launch_parked(const std::string& name, Launched launched) override {
    launch(
        name, 0, [](const auto&, const std::function<void()>& go) { go(); }, std::move(launched));
  }
  model::RuntimeHost take(const std::string& name, const std::string& id) override {
    auto host = hosts.extract(name);
    host.key() = id;
    hosts.insert(std::move(host));
    waiting_.erase(name);
    return {++last_pid_, "/run/" + name + ".sock", 7};
  }
  void adopt(const std::string& id, const model::RuntimeHost&,
             std::function<void(Status)> adopted) override {
    if (!adoptable.contains(id)) return adopted(fail(Code::kNotFound, "no such socket"));
    hosts[id];
    adopted({});
  }
  PluginPort* find(const std::string& id) override {
    auto found = hosts.find(id);
    return found == hosts.end() ? nullptr : &found->second;
  }
  void ack(const std::string&, uint64_t report) override { acked.push_back(report); }
  void dismiss(const std::string& id) override { kill(id); }
  void kill(const std::string& id) override {
    if (hosts.contains(id)) doomed_.insert(id);
  }
  void end_orphan(const std::string& socket) override { orphans.push_back(socket); }
  void when_gone(const std::string& id, std::function<void()> then) override {
    if (!hosts.contains(id)) return then();
    waiting_[id].push_back(std::move(then));
  }
  std::vector<std::string> ids() const override {
    std::vector<std::string> all;
    for (const auto& [id, host] : hosts) all.push_back(id);
    return all;
  }

  // The first call of this method that `id` has been asked and not answered; null if there is none.
  ScriptedPlugin::Call* asked(const std::string& id, const std::string& method) {
    auto host = hosts.find(id);
    if (host == hosts.end()) return nullptr;
    for (auto& call : host->second.calls)
      if (call.method == method) return &call;
    return nullptr;
  }
  void answer(const std::string& id, const std::string& method, Result<Json> result) {
    auto& calls = hosts.at(id).calls;
    for (auto it = calls.begin(); it != calls.end(); ++it) {
      if (it->method != method) continue;
      auto call = std::move(*it);
      calls.erase(it);
      return give(call.answer, std::move(result));
    }
    FAIL() << id << " was not asked for " << method;
  }
  // A host ends: what it owes fails, then it is told, then those who wait for it.
  void end(const std::string& id, bool dismissed) {
    for (auto& call : std::exchange(hosts.at(id).calls, {}))
      give(call.answer, fail(Code::kUnavailable, "the host was killed"));
    hosts.erase(id);
    if (gone) gone(id, dismissed, "was killed");
    for (auto& then : std::exchange(waiting_[id], {})) then();
  }
  void end_the_killed() {
    for (const std::string& id : std::exchange(doomed_, {}))
      if (hosts.contains(id)) end(id, true);
  }

 private:
  std::set<std::string> doomed_;
  std::map<std::string, std::vector<std::function<void()>>> waiting_;
  int64_t last_pid_ = 4000;
};

}  // namespace bulkhead::engine
