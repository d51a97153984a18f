#include "guest/init/agent.hpp"

#include <sys/klog.h>
#include <sys/signalfd.h>
#include <sys/wait.h>

#include <algorithm>
#include <csignal>

#include "bulkhead/version.hpp"
#include "guest/core/answers.hpp"
#include "guest/core/errors.hpp"
#include "guest/init/cgroup.hpp"
#include "guest/init/clock.hpp"
#include "guest/init/container.hpp"
#include "guest/init/touch.hpp"

namespace bulkhead::guest {
namespace {

constexpr int kSignalBase = 128;

Exit exit_of(int status) {
  Exit exit;
  exit.at_us = wall_us();
  exit.signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
  exit.code = exit.signal != 0 ? kSignalBase + exit.signal : WEXITSTATUS(status);
  return exit;
}

}  // namespace

Status Agent::watch_children() {
  sigset_t child;
  sigemptyset(&child);
  sigaddset(&child, SIGCHLD);
  children_.reset(signalfd(-1, &child, SFD_NONBLOCK | SFD_CLOEXEC));
  if (!children_) return fail_now("watch for children");
  return loop_.watch(children_.get(), EPOLLIN, [this](uint32_t) { reap(); });
}

// One signal may stand for many children, and orphans come here too.
void Agent::reap() {
  signalfd_siginfo info;
  while (read(children_.get(), &info, sizeof info) > 0) {
  }
  int status = 0;
  pid_t pid = 0;
  while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
    for (auto& [id, entry] : processes_) {
      if (entry.process->pid() == pid && !entry.process->has_ended()) ended(id, entry, status);
    }
  }
}

void Agent::ended(const std::string& id, Entry& entry, int status) {
  Exit exit = exit_of(id == kInitId ? launcher_->command_status(status) : status);
  // A shell passes on that its child was killed as exit code 137.
  exit.out_of_memory =
      exit.code == kSignalBase + SIGKILL && count_oom_kills() > entry.oom_kills_before;
  entry.process->end(exit);
}

int Agent::settle() {
  if (sockets_) sockets_->forget_ended();
  int64_t next = -1;
  int64_t now = processes_.empty() ? 0 : steady_us();
  for (auto at = processes_.begin(); at != processes_.end();) {
    Process& process = *at->second.process;
    int64_t deadline = process.drain_deadline_us();
    if (deadline >= 0 && deadline <= now) {
      process.stop_draining();
    } else if (deadline >= 0) {
      next = next < 0 ? deadline : std::min(next, deadline);
    }
    at = process.is_finished() ? processes_.erase(at) : std::next(at);
  }
  return next < 0 ? -1 : static_cast<int>((next - now) / 1000 + 1);
}

std::string Agent::ping() {
  return ping_body(kVersion, static_cast<uint64_t>(steady_us()));
}

// As a whole, by one call: the ring holds 64 KiB (CONFIG_LOG_BUF_SHIFT).
std::string Agent::kernel_log() {
  constexpr int kReadAll = 3;  // SYSLOG_ACTION_READ_ALL
  std::string text(size_t{1} << 16, '\0');
  int got = klogctl(kReadAll, text.data(), static_cast<int>(text.size()));
  text.resize(static_cast<size_t>(std::max(got, 0)));
  return kernel_log_body(text);
}

Status Agent::configure(const ContainerSpec& spec) {
  if (launcher_) return fail(Code::kConflict, "this VM has its container already");
  if (!spec.sockets.empty()) {
    sockets_ = std::make_unique<ContainerSockets>(loop_, spec.sockets);
    if (auto status = sockets_->listen(); !status) return status;
  }
  auto container = Container::create(spec);
  if (!container) return fail(std::move(container.error()));
  launcher_ = std::move(*container);
  return {};
}

Status Agent::reset() {
  if (!launcher_) return fail(Code::kConflict, "this VM has no container yet");
  settle();
  if (!processes_.empty()) return fail(Code::kConflict, "a process of the container is running");
  sockets_.reset();
  if (auto status = launcher_->take_down(); !status) return status;
  launcher_.reset();
  init_started_ = false;
  return {};
}

Result<StreamOwner*> Agent::start(const std::string& id, const ProcessSpec& spec,
                                  std::string_view json, Caller caller) {
  bool is_init = id == kInitId;
  if (!launcher_) return fail(Code::kConflict, "this VM has no container yet");
  if (is_init && init_started_)
    return fail(Code::kConflict, "the container's process was started before");
  if (auto former = processes_.find(id); former != processes_.end()) {
    if (!former->second.process->is_finished())
      return fail(Code::kConflict, "there is a process " + id + " already");
    processes_.erase(former);
  }
  auto stdio = open_stdio(spec, launcher_->devpts());
  if (!stdio) return fail(std::move(stdio.error()));
  uint64_t oom_kills = count_oom_kills();
  auto pid = launcher_->launch(is_init, spec, json, stdio->child);
  if (!pid) return fail(std::move(pid.error()));
  init_started_ = init_started_ || is_init;

  auto process = std::make_unique<Process>(loop_, is_init, *pid, std::move(stdio->agent), caller);
  if (auto status = process->watch(); !status) return fail(std::move(status.error()));
  Process* owner = process.get();
  processes_.emplace(id, Entry{std::move(process), oom_kills});
  return owner;
}

Result<Process*> Agent::running(const std::string& id) {
  auto found = processes_.find(id);
  if (found == processes_.end() || found->second.process->has_ended())
    return fail(Code::kNotFound, "no process " + id + " is running");
  return found->second.process.get();
}

Status Agent::signal(const std::string& id, int signal) {
  auto process = running(id);
  if (!process) return fail(std::move(process.error()));
  // Its pid can't be another's: it is reaped here, and has_ended() from then on.
  if (kill((*process)->pid(), signal) != 0) return fail_now("signal " + id);
  return {};
}

Status Agent::resize(const std::string& id, TerminalSize size) {
  auto process = running(id);
  if (!process) return fail(std::move(process.error()));
  return (*process)->resize(size);
}

Result<StreamOwner*> Agent::socket_notices(Caller caller) {
  if (!sockets_) return fail(Code::kNotFound, "the container has no sockets of the host");
  return sockets_->notices(caller);
}

Result<StreamOwner*> Agent::take_connection(uint64_t connection, Caller caller) {
  if (!sockets_) return fail(Code::kNotFound, "the container has no sockets of the host");
  return sockets_->take(connection, caller);
}

Result<StreamOwner*> Agent::connect_socket(uint64_t socket, Caller caller) {
  if (!sockets_ || !launcher_) return fail(Code::kNotFound, "the container publishes no sockets");
  auto root = launcher_->root();
  if (!root) return fail(std::move(root.error()));
  return sockets_->connect(socket, root->get(), caller);
}

Status Agent::touch(const std::vector<std::string>& paths) {
  if (!launcher_) return fail(Code::kConflict, "this VM has no container yet");
  auto root = launcher_->root();
  if (!root) return fail(std::move(root.error()));
  touch_paths(root->get(), paths);
  return {};
}

Result<Statistics> Agent::statistics() {
  if (!launcher_) return fail(Code::kConflict, "this VM has no container yet");
  return read_statistics();
}

}  // namespace bulkhead::guest
