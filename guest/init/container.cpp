#include "guest/init/container.hpp"

#include <fcntl.h>
#include <sched.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>

#include "guest/core/errors.hpp"
#include "guest/init/cgroup.hpp"
#include "guest/init/clone.hpp"
#include "guest/init/container_init.hpp"
#include "guest/init/container_root.hpp"
#include "guest/init/control_message.hpp"
#include "guest/init/freshness.hpp"
#include "guest/init/mounts.hpp"
#include "guest/init/networks.hpp"
#include "guest/init/process_start.hpp"
#include "guest/init/rootfs.hpp"
#include "guest/init/virtio_devices.hpp"

namespace bulkhead::guest {
namespace {

constexpr uint64_t kNamespaces = CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWUTS | CLONE_NEWIPC;

}  // namespace

Result<std::unique_ptr<Container>> Container::create(const ContainerSpec& spec) {
  auto container = std::make_unique<Container>();
  Status status = set_clock(spec.time_us);
  if (status) status = add_entropy(spec.entropy);
  if (status && spec.clone) status = bind_devices(*spec.clone);
  if (status && spec.clone) status = take_over_cards(spec.networks);
  if (status) status = limit_container(spec);
  if (status) status = raise_networks(spec.networks);
  if (status) status = mount_rootfs(spec);
  if (status) status = mount_sources(spec.mounts);
  if (status) status = container->spawn(spec);
  if (status) status = container->await_readiness();
  if (!status) return fail(std::move(status.error()));
  container->read_only_ = spec.read_only;
  return container;
}

Status Container::spawn(const ContainerSpec& spec) {
  auto devpts = make_devpts();
  if (!devpts) return fail(std::move(devpts.error()));
  devpts_ = std::move(*devpts);
  cgroup_ = open_container_cgroup();
  own_pid_namespace_.reset(open("/proc/self/ns/pid", O_RDONLY | O_CLOEXEC));
  int ends[2];
  if (!cgroup_ || !own_pid_namespace_ ||
      socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
    return fail_now("prepare the container's first process");
  control_.reset(ends[0]);
  UniqueFd theirs(ends[1]);
  int pidfd = -1;
  pid_ = clone_process(kNamespaces, cgroup_.get(), &pidfd);
  if (pid_ < 0) return fail_now("create the container's namespaces");
  if (pid_ == 0) run_container_init(spec, theirs.get(), devpts_.get());
  pidfd_.reset(pidfd);
  return {};
}

// An empty message says that the root is built; the process dies after any other.
Status Container::await_readiness() {
  auto answer = receive_message(control_.get(), nullptr);
  if (!answer) return fail(std::move(answer.error()).context("the container's first process"));
  if (answer->empty()) return {};
  return fail(parse_failure(*answer));
}

Result<pid_t> Container::launch(bool is_init, const ProcessSpec& spec, std::string_view json,
                                const ChildEnds& ends) {
  if (read_only_) make_directory_for_reader(spec.cwd);
  return is_init ? start_init(json, ends) : start_exec(spec, ends);
}

Result<pid_t> Container::start_init(std::string_view json, const ChildEnds& ends) {
  const PassedDescriptors fds = {ends.in_fd(), ends.out_fd(), ends.err_fd(), ends.error.get()};
  if (auto status = send_message(control_.get(), json, &fds); !status)
    return fail(std::move(status.error()).context("start the container's command"));
  return pid_;
}

// A process is born into the pid namespace its parent has chosen for its children; the choice is
// undone at once.
Result<pid_t> Container::start_exec(const ProcessSpec& spec, const ChildEnds& ends) {
  if (setns(pidfd_.get(), CLONE_NEWPID) != 0)
    return fail(Code::kConflict, "the container's own process has ended");
  pid_t child = clone_process(0, cgroup_.get(), nullptr);
  if (child == 0) run_exec(spec, ends);
  int error = errno;
  if (setns(own_pid_namespace_.get(), CLONE_NEWPID) != 0) return fail_now("leave the namespace");
  if (child < 0) return fail_with("create a process in the container", error);
  return child;
}

void Container::run_exec(const ProcessSpec& spec, const ChildEnds& ends) {
  constexpr int kErrorAt = 3;
  bool joined =
      setns(pidfd_.get(), CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWCGROUP) == 0;
  if (!joined) {
    report_failure(ends.error.get(), fail_now("join the container").value());
    _exit(1);
  }
  arrange_descriptors(ends.in_fd(), ends.out_fd(), ends.err_fd(), ends.error.get(), kErrorAt);
  run_program(spec, false, kErrorAt);
}

Result<UniqueFd> Container::root() const {
  const std::string path = "/proc/" + std::to_string(pid_) + "/root";
  UniqueFd root(open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!root) return fail_now("open the container's root");
  return root;
}

int Container::command_status(int status) {
  return receive_command_status(control_.get(), status);
}

}  // namespace bulkhead::guest
