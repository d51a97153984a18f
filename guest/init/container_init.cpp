#include "guest/init/container_init.hpp"

#include <fcntl.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

#include "guest/core/errors.hpp"
#include "guest/core/process_spec.hpp"
#include "guest/init/clone.hpp"
#include "guest/init/container_root.hpp"
#include "guest/init/control_message.hpp"
#include "guest/init/privileges.hpp"
#include "guest/init/process_start.hpp"
#include "guest/init/stdio.hpp"

namespace bulkhead::guest {
namespace {

constexpr int kControl = 3;
constexpr int kErrorAt = 4;
// The kernel's number (linux/capability.h), which glibc doesn't carry.
constexpr int kCapKill = 5;

Status build(const ContainerSpec& spec, int devpts) {
  // Now, and not with the other namespaces: the process had to be in the container's cgroup first,
  // which becomes the root.
  if (unshare(CLONE_NEWCGROUP) != 0) return fail_now("create the container's cgroup namespace");
  if (sethostname(spec.hostname.data(), spec.hostname.size()) != 0)
    return fail_now("set the host name");
  return build_container_root(spec, devpts);
}

// Nothing of the agent's may be reachable from inside: channels, the port, the VM's console.
void drop_descriptors(int control) {
  dup3(control, kControl, O_CLOEXEC);
  close_range(kControl + 1, ~0U, 0);
  int null = open("/dev/null", O_RDWR | O_CLOEXEC);
  for (int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) dup2(null, fd);
  close(null);
}

// True when the command itself was among the dead.
bool reap(pid_t command, int& status) {
  bool over = false;
  int any = 0;
  pid_t dead = 0;
  while ((dead = waitpid(-1, &any, WNOHANG)) > 0) {
    if (dead != command) continue;
    status = any;
    over = true;
  }
  return over;
}

[[noreturn]] void attend(pid_t command) {
  sigset_t all;
  sigfillset(&all);
  int status = 0;
  while (true) {
    int signal = sigwaitinfo(&all, nullptr);
    if (signal > 0 && signal != SIGCHLD) kill(command, signal);
    if (!reap(command, status)) continue;
    (void)send(kControl, &status, sizeof status, MSG_NOSIGNAL | MSG_DONTWAIT);
    _exit(WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
  }
}

[[noreturn]] void attend_command(const ProcessSpec& spec) {
  pid_t command = clone_process(0, -1, nullptr);
  if (command == 0) run_program(spec, true, kErrorAt);
  if (command < 0) {
    report_failure(kErrorAt, fail_now("create the container's command").value());
    _exit(1);
  }
  drop_descriptors(kControl);
  prctl(PR_SET_NAME, "init");
  (void)limit_capabilities(capability_bit(kCapKill));
  (void)set_capabilities(capability_bit(kCapKill));
  attend(command);
}

}  // namespace

void run_container_init(const ContainerSpec& spec, int control, int devpts) {
  Status built = build(spec, devpts);
  if (!built) {
    (void)send_message(control, failure_record(built.error()), nullptr);
    _exit(1);
  }
  drop_descriptors(control);
  (void)send_message(kControl, "", nullptr);

  PassedDescriptors fds{};
  auto json = receive_message(kControl, &fds);
  if (!json) _exit(0);  // the agent is gone, and with it the VM
  arrange_descriptors(fds[0], fds[1], fds[2], fds[3], kErrorAt);
  auto process = parse_process(*json);
  if (!process) {
    report_failure(kErrorAt, process.error());
    _exit(1);
  }
  if (spec.use_init) attend_command(*process);
  run_program(*process, true, kErrorAt);
}

int receive_command_status(int control, int status) {
  int told = 0;
  bool has = recv(control, &told, sizeof told, MSG_DONTWAIT) == sizeof told;
  return has ? told : status;
}

}  // namespace bulkhead::guest
