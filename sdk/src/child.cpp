#include "bulkhead/child.hpp"

#include <fcntl.h>
#include <linux/audit.h>
#include <linux/close_range.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstdlib>
#include <cstring>

#include "bulkhead/pidfd.hpp"

namespace bulkhead {
namespace {

// What went wrong in the child, on its way through the pipe.
struct Report {
  enum Step : int { kDescriptors, kDirectory, kSession, kDeathSignal, kReadOnly, kExec };
  int step = kExec;
  int error = 0;
};

// Everything the child needs, made before the fork.
struct Plan {
  std::string path;
  std::vector<std::string> environment;
  std::vector<char*> argv;
  std::vector<char*> envp;
  std::vector<std::pair<int, int>> fds;
  const char* directory = nullptr;
  const char* read_only_folder = nullptr;
  bool new_session = false;
  bool own_processes = false;
  int death_signal = 0;
  pid_t parent = 0;
  int report = -1;
  int supervised_call = -1;
  int supervisor = -1;  // a socket by which the filter's descriptor goes to the parent
  int first_free = 0;   // above every number promised to the child
};

std::vector<char*> pointers(const std::vector<std::string>& strings) {
  std::vector<char*> result;
  result.reserve(strings.size() + 1);
  for (const std::string& text : strings) result.push_back(const_cast<char*>(text.c_str()));
  result.push_back(nullptr);
  return result;
}

// Ours, with what the program sets in place of what we have.
std::vector<std::string> environment_of(const Program& program) {
  std::vector<std::string> result;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; entry++) {
    const std::string_view text = *entry;
    const bool replaced = std::any_of(program.environment.begin(), program.environment.end(),
                                      [text](const auto& variable) {
                                        return text.starts_with(variable.first) &&
                                               text.substr(variable.first.size()).starts_with('=');
                                      });
    if (!replaced) result.emplace_back(text);
  }
  for (const auto& [name, value] : program.environment) result.push_back(name + '=' + value);
  return result;
}

Result<std::string> find_program(const std::string& name) {
  if (name.find('/') != std::string::npos) return name;
  const char* path = std::getenv("PATH");
  std::string_view rest = path == nullptr ? "/usr/local/bin:/usr/bin:/bin" : path;
  while (!rest.empty() && !name.empty()) {
    const size_t colon = std::min(rest.find(':'), rest.size());
    // An empty entry means the current directory, from which a daemon should run nothing.
    std::string candidate = std::string(rest.substr(0, colon)) + '/' + name;
    if (colon > 0 && ::access(candidate.c_str(), X_OK) == 0) return candidate;
    rest.remove_prefix(std::min(colon + 1, rest.size()));
  }
  return fail(Code::kNotFound, "start " + name + ": there is no such program in PATH");
}

// --- in the child: async-signal-safe calls only

[[noreturn]] void give_up(const Plan& plan, Report::Step step) {
  const Report report{step, errno};
  [[maybe_unused]] const ssize_t written = ::write(plan.report, &report, sizeof report);
  ::_exit(127);
}

void reset_signals() {
  struct sigaction standard = {};
  standard.sa_handler = SIG_DFL;
  for (int signal = 1; signal < NSIG; signal++) ::sigaction(signal, &standard, nullptr);
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

// First every source goes out of the way of every target, then everything is condemned to close on
// exec, then the targets are made anew, which lifts that from them alone.
void arrange_descriptors(Plan& plan) {
  for (auto& [number, fd] : plan.fds) {
    fd = ::fcntl(fd, F_DUPFD_CLOEXEC, plan.first_free);
    if (fd < 0) give_up(plan, Report::kDescriptors);
  }
  if (::close_range(3, ~0U, CLOSE_RANGE_CLOEXEC) != 0) give_up(plan, Report::kDescriptors);
  for (const auto& [number, fd] : plan.fds) {
    if (::dup2(fd, number) < 0) give_up(plan, Report::kDescriptors);
  }
}

// The parent may have died before the signal was asked for; then nobody would ever send it. From a
// process namespace of its own a child sees no parent, but whether anybody still waits for its
// report.
bool is_orphan(const Plan& plan) {
  if (!plan.own_processes) return ::getppid() != plan.parent;
  pollfd report = {plan.report, 0, 0};
  return ::poll(&report, 1, 0) != 0;
}

// A copy of the folder's mounts that can't be written to, laid over it for this process alone.
bool seal(const char* folder) {
  if (::unshare(CLONE_NEWNS) != 0) return false;
  if (::mount(nullptr, "/", nullptr, MS_REC | MS_SLAVE, nullptr) != 0) return false;
  const int tree =
      ::open_tree(AT_FDCWD, folder, OPEN_TREE_CLONE | AT_RECURSIVE | OPEN_TREE_CLOEXEC);
  mount_attr attributes = {};
  attributes.attr_set = MOUNT_ATTR_RDONLY;
  return tree >= 0 &&
         ::mount_setattr(tree, "", AT_EMPTY_PATH | AT_RECURSIVE, &attributes, sizeof attributes) ==
             0 &&
         ::move_mount(tree, "", AT_FDCWD, folder, MOVE_MOUNT_F_EMPTY_PATH) == 0;
}

#if defined(__x86_64__)
constexpr uint32_t kArchitecture = AUDIT_ARCH_X86_64;
#else
constexpr uint32_t kArchitecture = AUDIT_ARCH_AARCH64;
#endif

// A filter that asks about one system call and lets everything else through, and its descriptor on
// the way to the parent. What fails leaves the call unsupervised.
void supervise(const Plan& plan) {
  const auto call = static_cast<uint32_t>(plan.supervised_call);
  sock_filter code[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, arch)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, kArchitecture, 0, 3),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, call, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  const sock_fprog program = {sizeof code / sizeof code[0], code};
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return;
  const long listener =
      ::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &program);
  if (listener < 0) return;
  char byte = 0;
  iovec piece = {&byte, 1};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
  msghdr message = {};
  message.msg_iov = &piece;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  cmsghdr* header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof(int));
  const int fd = static_cast<int>(listener);
  std::memcpy(CMSG_DATA(header), &fd, sizeof fd);
  [[maybe_unused]] const ssize_t sent = ::sendmsg(plan.supervisor, &message, MSG_NOSIGNAL);
}

[[noreturn]] void become(Plan& plan) {
  const int report = ::fcntl(plan.report, F_DUPFD_CLOEXEC, plan.first_free);
  if (report < 0) give_up(plan, Report::kDescriptors);
  plan.report = report;
  if (plan.supervisor >= 0) {
    plan.supervisor = ::fcntl(plan.supervisor, F_DUPFD_CLOEXEC, plan.first_free);
    if (plan.supervisor < 0) give_up(plan, Report::kDescriptors);
  }
  if (plan.new_session && ::setsid() < 0) give_up(plan, Report::kSession);
  if (plan.death_signal != 0) {
    if (::prctl(PR_SET_PDEATHSIG, plan.death_signal) != 0) give_up(plan, Report::kDeathSignal);
    if (is_orphan(plan)) ::_exit(127);
  }
  if (plan.read_only_folder != nullptr && !seal(plan.read_only_folder)) {
    give_up(plan, Report::kReadOnly);
  }
  arrange_descriptors(plan);
  if (plan.directory != nullptr && ::chdir(plan.directory) != 0) give_up(plan, Report::kDirectory);
  reset_signals();
  if (plan.supervisor >= 0) supervise(plan);
  ::execve(plan.path.c_str(), plan.argv.data(), plan.envp.data());
  give_up(plan, Report::kExec);
}

// --- in the parent again

Failure failure_of(const Report& report, const Program& program) {
  const std::string start = "start " + program.arguments[0];
  switch (report.step) {
    case Report::kDescriptors:
      return fail_errno(start + ": arrange its descriptors", report.error);
    case Report::kDirectory:
      return fail_errno(start + ": change to " + program.directory, report.error);
    case Report::kSession:
      return fail_errno(start + ": begin a session", report.error);
    case Report::kDeathSignal:
      return fail_errno(start + ": tie it to its parent", report.error);
    case Report::kReadOnly:
      return fail_errno(start + ": keep it from writing to " + program.read_only_folder,
                        report.error);
    default:
      return fail_errno(start, report.error);
  }
}

// No handler of the parent may run in the child, so all signals wait until the child has reset
// them.
pid_t fork_with_signals_blocked(Plan& plan) {
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  // What fork() does beside the system call is for children that go on as this program.
  const pid_t pid = plan.own_processes
                        ? static_cast<pid_t>(::syscall(SYS_clone, CLONE_NEWPID | SIGCHLD, nullptr,
                                                       nullptr, nullptr, nullptr))
                        : ::fork();
  if (pid == 0) become(plan);
  const int error = errno;
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  errno = error;
  return pid;
}

// Waits until exec has closed the pipe or said why it couldn't.
Status await_exec(int pipe, pid_t pid, const Program& program) {
  Report report;
  ssize_t count = 0;
  do {
    count = ::read(pipe, &report, sizeof report);
  } while (count < 0 && errno == EINTR);
  if (count != static_cast<ssize_t>(sizeof report)) return {};
  while (::waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {
  }
  return failure_of(report, program);
}

// What supervise() has sent; none if it sent nothing.
UniqueFd receive_supervisor(int socket) {
  char byte = 0;
  iovec piece = {&byte, 1};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
  msghdr message = {};
  message.msg_iov = &piece;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  if (::recvmsg(socket, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC) <= 0) return {};
  const cmsghdr* header = CMSG_FIRSTHDR(&message);
  if (header == nullptr || header->cmsg_type != SCM_RIGHTS) return {};
  int fd = -1;
  std::memcpy(&fd, CMSG_DATA(header), sizeof fd);
  return UniqueFd(fd);
}

Status make_plan(Plan& plan, const Program& program, int null_fd) {
  auto path = find_program(program.arguments[0]);
  if (!path) return fail(std::move(path.error()));
  plan.path = std::move(*path);
  plan.argv = pointers(program.arguments);
  plan.environment = environment_of(program);
  plan.envp = pointers(plan.environment);
  plan.fds = program.fds;
  for (int number = 0; number < 3; number++) {
    const bool named = std::any_of(program.fds.begin(), program.fds.end(),
                                   [number](const auto& fd) { return fd.first == number; });
    if (!named) plan.fds.emplace_back(number, null_fd);
  }
  for (const auto& fd : plan.fds) plan.first_free = std::max(plan.first_free, fd.first + 1);
  if (!program.directory.empty()) plan.directory = program.directory.c_str();
  if (!program.read_only_folder.empty()) plan.read_only_folder = program.read_only_folder.c_str();
  plan.new_session = program.new_session;
  plan.own_processes = program.own_processes;
  plan.death_signal = program.parent_death_signal;
  plan.parent = ::getpid();
  return {};
}

}  // namespace

Result<Child> spawn(const Program& program) {
  if (program.arguments.empty()) return fail(Code::kInternal, "start a program: which one?");
  const std::string start = "start " + program.arguments[0];
  const UniqueFd null_fd(::open("/dev/null", O_RDWR | O_CLOEXEC));
  if (!null_fd) return fail_errno("open /dev/null", errno);
  Plan plan;
  if (auto made = make_plan(plan, program, null_fd.get()); !made) {
    return fail(std::move(made.error()));
  }
  int ends[2] = {-1, -1};
  if (::pipe2(ends, O_CLOEXEC) != 0) return fail_errno(start, errno);
  const UniqueFd reading(ends[0]);
  UniqueFd writing(ends[1]);
  plan.report = writing.get();
  UniqueFd ours, childs;
  if (program.supervised_call >= 0) {
    int pair[2] = {-1, -1};
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
      return fail_errno(start, errno);
    ours.reset(pair[0]);
    childs.reset(pair[1]);
    plan.supervised_call = program.supervised_call;
    plan.supervisor = childs.get();
  }

  Child child;
  child.pid = fork_with_signals_blocked(plan);
  if (child.pid < 0) return fail_errno(start, errno);
  writing.reset();
  if (auto started = await_exec(reading.get(), child.pid, program); !started) {
    return fail(std::move(started.error()));
  }
  // The pid can't have been reused: it is ours until we reap it.
  auto pidfd = open_pidfd(child.pid);
  if (!pidfd) {
    ::kill(child.pid, SIGKILL);
    ::waitpid(child.pid, nullptr, 0);
    return fail(std::move(pidfd.error()).context(start));
  }
  child.pidfd = std::move(*pidfd);
  if (ours) child.supervisor = receive_supervisor(ours.get());
  return child;
}

}  // namespace bulkhead
