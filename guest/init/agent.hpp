// The backend of a real VM: one container, its processes, and their ends.
#pragma once

#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "guest/core/backend.hpp"
#include "guest/init/container_sockets.hpp"
#include "guest/init/launcher.hpp"
#include "guest/init/loop.hpp"
#include "guest/init/process.hpp"

namespace bulkhead::guest {

inline constexpr std::string_view kInitId = "init";

class Agent final : public Backend {
 public:
  explicit Agent(Loop& loop) : loop_(loop) {}
  // In a test, what stands in for a container.
  Agent(Loop& loop, std::unique_ptr<Launcher> launcher)
      : loop_(loop), launcher_(std::move(launcher)) {}

  // SIGCHLD, which the caller has blocked, comes through the loop.
  Status watch_children();
  // After each turn of the loop: forgets what is finished, and says how long the next turn may
  // wait.
  int settle();
  bool wants_shutdown() const { return wants_shutdown_; }

  std::string ping() override;
  Status configure(const ContainerSpec& spec) override;
  Result<StreamOwner*> start(const std::string& id, const ProcessSpec& spec, std::string_view json,
                             Caller caller) override;
  Status signal(const std::string& id, int signal) override;
  Status resize(const std::string& id, TerminalSize size) override;
  Result<StreamOwner*> socket_notices(Caller caller) override;
  Result<StreamOwner*> take_connection(uint64_t connection, Caller caller) override;
  Result<StreamOwner*> connect_socket(uint64_t socket, Caller caller) override;
  Status reset() override;
  Status touch(const std::vector<std::string>& paths) override;
  Result<Statistics> statistics() override;
  std::string kernel_log() override;
  void shut_down() override { wants_shutdown_ = true; }

 private:
  struct Entry {
    std::unique_ptr<Process> process;
    uint64_t oom_kills_before;
  };

  void reap();
  void ended(const std::string& id, Entry& entry, int status);
  Result<Process*> running(const std::string& id);

  Loop& loop_;
  UniqueFd children_;
  std::unique_ptr<Launcher> launcher_;
  bool init_started_ = false;
  bool wants_shutdown_ = false;
  std::unordered_map<std::string, Entry> processes_;
  std::unique_ptr<ContainerSockets> sockets_;  // if the container has any
};

}  // namespace bulkhead::guest
