// Networks and names: what can be done to them, and the processes behind them.
//
// A network is a row of the state; its frames are switched by a host process of its own
// (network-slirp), which comes with the first container that joins and goes 15 s after the last has
// left. Like a container's host it outlives the daemon and is adopted by the next one through
// network.host-started.
//
// A host that dies is replaced at once (restart_policy.hpp), and the running containers are its
// members again without noticing: each container's runtime host keeps a duplicate of the switch's
// end of its socket pairs (runtime.links), and network.attach takes that instead of making a pair.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "core/loop/handles.hpp"
#include "core/plugins/restart_policy.hpp"
#include "host_port.hpp"
#include "model/network_decide.hpp"
#include "network_port.hpp"
#include "store/ledger.hpp"

namespace bulkhead::engine {

class Networks : public NetworkPort {
 public:
  struct Parts {
    loop::Loop& loop;
    store::Ledger& ledger;
    HostPort& hosts;         // one per network, by its name
    HostPort& runtimes;      // one per running container
    std::string data_dir;    // <name>/ below it holds a network's log
    std::string socket_dir;  // of its hosts
    bool taps = true;        // whether a network may have an interface of the host
  };
  explicit Networks(Parts parts);
  ~Networks() override;

  // Answer: Network.
  void create(model::CreateNetwork command, const model::Origin& origin, Answer done);
  void remove(const std::string& name, const model::Origin& origin, Answer done);  // {"id"}
  void prune(const model::Origin& origin, Answer done);                            // {"deleted"}
  void create_domain(const std::string& domain, const std::string& localhost,
                     const model::Origin& origin, Answer done);  // {"domain"}
  void remove_domain(const std::string& domain, const model::Origin& origin, Answer done);

  void join(const std::string& id, std::vector<UniqueFd> cables, Joined joined) override;
  void confirm(const std::string& id) override;
  void leave(const std::string& id, std::function<void()> left) override;

  // After the containers' hosts are adopted: the default network is made if it is missing, network
  // hosts are adopted or replaced, orphans ended.
  void recover(std::function<void()> done);
  // Nothing is started any more; with `end_hosts`, until the last is gone.
  void close(bool end_hosts, std::function<void()> done);

  // Events of `hosts`.
  void host_gone(const std::string& name, bool dismissed, const std::string& how);

 private:
  enum class Life : uint8_t { kAbsent, kStarting, kReady };
  struct Link {
    Life life = Life::kAbsent;
    uint64_t generation = 0;  // of its host
    std::vector<std::function<void(Status)>> waiting;
    plugins::RestartPolicy policy;
    std::unique_ptr<loop::Timer> timer;  // restarts it after a crash, or ends it when idle
  };
  struct Member {
    std::map<std::string, uint64_t> networks;  // network -> generation of the host that has it
    std::vector<std::function<void()>> leaving;
    bool is_leaving = false;
  };
  struct Joining;

  const model::State& state() const { return parts_.ledger.state(); }
  void decide(store::Ledger::Command command, std::function<Result<Json>()> view, Answer done);
  void note(const std::string& name, const char* type, Json data,
            std::function<void(Status)> then = {});

  void with_host(const std::string& name, std::function<void(Status)> then);
  void launch(const std::string& name);
  void configure(const std::string& name);
  void restore_all(const std::string& name, std::function<void()> then);
  void restore(const std::string& name, const std::string& id, std::function<void()> then);
  void ready(const std::string& name);
  void failed(const std::string& name, const Error& error);
  bool has_members(const std::string& name) const;
  void rest_if_idle(const std::string& name);
  void names_changed();
  Json attach_request(const std::string& name, const model::ContainerState& container,
                      bool restored) const;

  void join_next(const std::shared_ptr<Joining>& joining);
  void left(const std::string& id);

  void ensure_default(std::function<void()> done);
  void adopt(const std::string& name, std::function<void()> done);
  void end_orphans();

  Parts parts_;
  int subscription_ = 0;
  std::map<std::string, Link> links_;
  std::map<std::string, Member> members_;  // by container
  uint64_t launches_ = 0;
  bool closing_ = false;
};

}  // namespace bulkhead::engine
