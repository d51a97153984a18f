#include "guest/init/shutdown.hpp"

#include <sys/reboot.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <ctime>

#include "guest/init/cgroup.hpp"
#include "guest/init/clock.hpp"
#include "guest/init/console.hpp"
#include "guest/init/mounts.hpp"
#include "guest/init/rootfs.hpp"

namespace bulkhead::guest {
namespace {

// A process may hang in the kernel, say on a network file system whose server is gone. The host's
// own deadline is 10 s.
constexpr int64_t kDeathUs = 5'000'000;

// SIGCHLD is blocked, so it can be waited for with a time limit.
void await_deaths() {
  sigset_t child;
  sigemptyset(&child);
  sigaddset(&child, SIGCHLD);
  int64_t deadline = steady_us() + kDeathUs;
  while (true) {
    while (waitpid(-1, nullptr, WNOHANG) > 0) {
    }
    if (waitpid(-1, nullptr, WNOHANG) < 0 && errno == ECHILD) return;
    int64_t left = deadline - steady_us();
    if (left <= 0) return say("processes of the container don't die");
    timespec limit{static_cast<time_t>(left / 1'000'000), left % 1'000'000 * 1000};
    sigtimedwait(&child, nullptr, &limit);
  }
}

}  // namespace

void end_machine() {
  if (auto status = kill_container_cgroup(); !status) say(status.error().message);
  await_deaths();
  unmount_sources();
  if (auto status = unmount_rootfs(); !status) say(status.error().message);
  sync();
  reboot(RB_AUTOBOOT);
  die("the machine can't be reset");
}

}  // namespace bulkhead::guest
