// What can be done to containers: every function is one flow from command to answer, in a file
// named after it. A flow is a chain of explicit steps whose every side effect stands between a
// committed intent and its outcome (operations.hpp); between two steps its whole state is what it
// captured, and after a crash what the journal says.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "accelerator.hpp"
#include "fact_queue.hpp"
#include "host_port.hpp"
#include "kernels.hpp"
#include "model/container_decide.hpp"
#include "network_port.hpp"
#include "operations.hpp"
#include "templates.hpp"

namespace bulkhead::engine {

// The client's connection, taken when the runtime is ready for it and not before: until then a
// failure can still be answered as an ordinary error.
using TakeConnection = std::function<Result<UniqueFd>()>;

class StartFlow;
class Volumes;

class Containers {
 public:
  struct Parts {
    Operations& operations;
    PluginPort& storage;
    HostPort& hosts;
    Accelerator& accelerator;
    Kernels& kernels;
    NetworkPort& networks;
    Volumes& volumes;
    Templates& templates;
    std::string data_dir;  // containers/<id>/ below it
    std::string initramfs;
    Json host_platform;
  };
  explicit Containers(Parts parts);
  ~Containers();

  // body: ContainerRequest. Answer: {"id", "warnings"}.
  void create(const Json& body, const model::Origin& origin, Answer done);

  struct Start {
    std::string id;
    bool attach = false;
    bool stdin_open = false;
    Json size;                    // {"rows","cols"} or null
    bool cold = false;            // boot it, even if it could be cloned
    std::string ssh_socket = {};  // the client's agent, for containers with "ssh"
    TakeConnection take_connection;
  };
  void start(Start command, const model::Origin& origin, Answer done);

  struct Exec {
    std::string id;
    Json process;
    bool detach = false;
    TakeConnection take_connection;
  };
  void exec(Exec command, const model::Origin& origin, Answer done);

  void stop(const model::StopContainer& command, const model::Origin& origin, Answer done);
  void kill(const model::KillContainer& command, const model::Origin& origin, Answer done);
  void remove(const model::DeleteContainer& command, const model::Origin& origin, Answer done);
  void prune(const model::Origin& origin, Answer done);

  // The service ends: nothing is started any more, and what is starting is given up.
  void close(std::function<void()> done);
  // After close(): until no container has a host.
  void stop_all(const model::Origin& origin, std::function<void()> done);
  // From a timer, every second: what a full disk or a failure has left undone is tried again.
  void upkeep();

  // Stats of these running containers; one that ends meanwhile is left out.
  void stats(std::vector<std::string> ids, Answer done);

  enum class Condition { kStopped, kRemoved };
  // {"exitCode"?} when it is so, at once if it is so already. Dropping the handle ends the wait.
  std::shared_ptr<void> wait(const std::string& id, Condition condition, Answer done);

  // From the runtime hosts (container_reports.cpp).
  void host_reported(const std::string& id, uint64_t report, const std::string& type,
                     const Json& data);
  void host_gone(const std::string& id, bool dismissed, const std::string& how);
  void host_completed(const std::string& id, uint64_t op, const Result<Json>& result);

  // Continues or gives up what was open when the last daemon ended (recovery.cpp).
  void recover_create(const model::Operation& operation, std::function<void()> done);
  void recover_start(const model::Operation& operation, std::function<void()> done);
  void recover_stop(const model::Operation& operation, std::function<void()> done);
  void recover_kill(const model::Operation& operation, std::function<void()> done);
  void recover_exec(const model::Operation& operation, std::function<void()> done);
  void recover_delete(const model::Operation& operation, std::function<void()> done);

  std::string directory(const std::string& id) const { return parts_.data_dir + "/" + id; }
  // Allocated by what is in there; the disks are storage's.
  int64_t log_bytes(const std::string& id) const;
  const model::State& state() const { return parts_.operations.state(); }

 private:
  friend class StartFlow;
  // A start under way, by its operation, until its outcome is in the journal (or can't be).
  struct Starting {
    std::shared_ptr<StartFlow> flow;
    std::vector<std::function<void()>> waiting;
  };
  // Gives up the container's start, if one is under way, and goes on after its outcome.
  void cancel_start(const std::string& id, const std::string& why, std::function<void()> then);
  void start_over(uint64_t op);
  Status check_open() const;
  void repeat(const model::Operation& operation, Effect effect);
  void stop_effect(const model::Event& intent, const Report& report);
  void delete_effect(const std::string& id, const Report& report);
  void remove_disks(const std::string& id, const Report& report);
  void remove_volumes(const std::string& id, Effect so_far, const Report& report);
  bool takes_volumes_along(const std::string& id) const;
  // When the machines of other containers that had this one's volumes are off.
  void when_volumes_are_free(const std::string& id, std::function<void()> then);
  void auto_remove(const std::string& id);
  store::Ledger& ledger() { return parts_.operations.ledger(); }

  Parts parts_;
  FactQueue facts_;
  std::map<uint64_t, Starting> starts_;
  std::function<void()> closed_;  // waits for the starts to end
  bool closing_ = false;
  unsigned upkeeps_ = 0;
  uint64_t next_exec_ = 1;
};

}  // namespace bulkhead::engine
