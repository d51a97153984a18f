// The container: its namespaces, its tree, and the process that holds them.
//
// As in OCI, create and start are two steps. create() brings forth a process in new mount, pid,
// UTS, IPC and cgroup namespaces; it builds the root and waits. Starting the container's own
// command tells it what to become, through a control socket; every other process joins the
// namespaces by its pidfd. The VM is the boundary to the host, so there is neither a user nor a
// network namespace.
#pragma once

#include <memory>

#include "bulkhead/unique_fd.hpp"
#include "guest/core/container_spec.hpp"
#include "guest/init/launcher.hpp"

namespace bulkhead::guest {

class Container final : public Launcher {
 public:
  // Everything "POST /v1/container" promises, in place.
  static Result<std::unique_ptr<Container>> create(const ContainerSpec& spec);

  pid_t pid() const { return pid_; }

  Result<pid_t> launch(bool is_init, const ProcessSpec& spec, std::string_view json,
                       const ChildEnds& ends) override;
  int devpts() const override { return devpts_.get(); }
  int command_status(int status) override;
  Status take_down() override;
  Result<UniqueFd> root() const override;

 private:
  Status spawn(const ContainerSpec& spec);
  Status await_readiness();
  Result<pid_t> start_init(std::string_view json, const ChildEnds& ends);
  Result<pid_t> start_exec(const ProcessSpec& spec, const ChildEnds& ends);
  [[noreturn]] void run_exec(const ProcessSpec& spec, const ChildEnds& ends);

  UniqueFd devpts_;
  UniqueFd cgroup_;
  UniqueFd own_pid_namespace_;
  UniqueFd control_;
  UniqueFd pidfd_;
  pid_t pid_ = -1;
  bool read_only_ = false;
};

}  // namespace bulkhead::guest
