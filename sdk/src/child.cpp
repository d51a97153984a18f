#include "bulkhead/child.hpp"

#include <fcntl.h>
#include <linux/close_range.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>

extern char** environ;

namespace bulkhead {
namespace {

// Everything that needs memory is made before fork: the child of a threaded process may only make system calls.
struct Prepared {
  std::vector<std::string> environment;
  std::vector<char*> argv, envp;
  std::string path;
};

std::string look_up(const std::string& name) {
  if (name.find('/') != name.npos) return name;
  const char* variable = getenv("PATH");
  std::string places = variable ? variable : "/usr/local/bin:/usr/bin:/bin";
  for (size_t at = 0; at <= places.size();) {
    size_t colon = std::min(places.find(':', at), places.size());
    std::string candidate = places.substr(at, colon - at) + "/" + name;
    if (access(candidate.c_str(), X_OK) == 0) return candidate;
    at = colon + 1;
  }
  return name;
}

Prepared prepare(const Program& program) {
  Prepared prepared;
  prepared.path = look_up(program.arguments.front());
  for (char** variable = environ; *variable; ++variable) {
    std::string_view text = *variable;
    bool replaced = std::any_of(program.environment.begin(), program.environment.end(), [&](const auto& set) {
      return text.starts_with(set.first) && text.substr(set.first.size()).starts_with("=");
    });
    if (!replaced) prepared.environment.emplace_back(text);
  }
  for (const auto& [name, value] : program.environment) prepared.environment.push_back(name + "=" + value);
  for (std::string& variable : prepared.environment) prepared.envp.push_back(variable.data());
  prepared.envp.push_back(nullptr);
  for (const std::string& argument : program.arguments) prepared.argv.push_back(const_cast<char*>(argument.c_str()));
  prepared.argv.push_back(nullptr);
  return prepared;
}

// Puts descriptors where the child wants them. First all up above every wanted number, so that no move overwrites a source.
bool place_fds(const std::vector<std::pair<int, int>>& wanted, int& report) {
  int top = 3;
  for (const auto& [number, fd] : wanted) top = std::max(top, number + 1);
  int moved[64];
  size_t count = std::min<size_t>(wanted.size(), 64);
  for (size_t i = 0; i < count; ++i)
    if ((moved[i] = fcntl(wanted[i].second, F_DUPFD_CLOEXEC, top)) < 0) return false;
  int high = fcntl(report, F_DUPFD_CLOEXEC, top);
  if (high < 0) return false;
  report = high;
  for (int number = 0; number < 3; ++number) {
    int null = open("/dev/null", O_RDWR);
    if (null >= 0 && null != number) {
      dup2(null, number);
      close(null);
    }
  }
  for (size_t i = 0; i < count; ++i)
    if (dup2(moved[i], wanted[i].first) < 0) return false;  // dup2 clears close-on-exec
  return true;
}

[[noreturn]] void become(const Program& program, Prepared& prepared, int report, pid_t parent) {
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  for (int number = 1; number < 32; ++number) signal(number, SIG_DFL);
  if (program.new_session) setsid();
  if (program.parent_death_signal) {
    prctl(PR_SET_PDEATHSIG, program.parent_death_signal);
    if (getppid() != parent) _exit(127);  // it died before the line above
  }
  bool ready = place_fds(program.fds, report) && (program.directory.empty() || chdir(program.directory.c_str()) == 0);
  if (ready) {
    int top = 2;
    for (const auto& [number, fd] : program.fds) top = std::max(top, number);
    close_range(static_cast<unsigned>(top) + 1, ~0U, CLOSE_RANGE_CLOEXEC);
    execve(prepared.path.c_str(), prepared.argv.data(), prepared.envp.data());
  }
  int error = errno;
  [[maybe_unused]] ssize_t written = write(report, &error, sizeof error);
  _exit(127);
}

}  // namespace

Result<Child> spawn(const Program& program) {
  Prepared prepared = prepare(program);
  int report[2];
  if (pipe2(report, O_CLOEXEC) < 0) return fail_errno("make a pipe", errno);
  UniqueFd reading(report[0]), writing(report[1]);
  pid_t parent = getpid();
  pid_t pid = fork();
  if (pid < 0) return fail_errno("fork", errno);
  if (pid == 0) become(program, prepared, writing.get(), parent);
  writing.reset();
  int error = 0;
  ssize_t got;
  do {
    got = read(reading.get(), &error, sizeof error);
  } while (got < 0 && errno == EINTR);
  if (got == sizeof error) {
    waitpid(pid, nullptr, 0);
    return fail_errno("execute " + prepared.path, error);
  }
  Child child{pid, UniqueFd(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)))};
  if (!child.pidfd) return fail_errno("watch the child", errno);
  return child;
}

}  // namespace bulkhead
