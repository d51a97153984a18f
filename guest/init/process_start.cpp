#include "guest/init/process_start.hpp"

#include <fcntl.h>
#include <grp.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

#include "guest/core/command_path.hpp"
#include "guest/core/errors.hpp"
#include "guest/core/identity.hpp"
#include "guest/init/files.hpp"
#include "guest/init/privileges.hpp"
#include "guest/init/stdio.hpp"

namespace bulkhead::guest {
namespace {

// An image's user database may be anything; a megabyte is 20 000 users.
constexpr size_t kDatabaseLimit = 1 << 20;

// What a login gives: select() keeps working for those who don't ask, and those who do may go far.
constexpr rlimit kDescriptors{1024, 1 << 20};

Status become_session_leader(const ProcessSpec& spec, bool is_init) {
  setsid();
  if (!spec.terminal) return {};
  if (ioctl(STDIN_FILENO, TIOCSCTTY, 0) != 0) return fail_now("take the terminal");
  if (!is_init) return {};
  // The container's console is the terminal of its first process. Nothing else has run in this tree
  // yet.
  UniqueFd console(open("/dev/console", O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600));
  if (!console || mount("/proc/self/fd/0", "/dev/console", nullptr, MS_BIND, nullptr) != 0)
    return fail_now("make the terminal /dev/console");
  return {};
}

Status set_limits(const ProcessSpec& spec) {
  setrlimit(RLIMIT_NOFILE, &kDescriptors);
  for (const ResourceLimit& limit : spec.limits) {
    rlimit value{limit.soft, limit.hard};
    if (setrlimit(static_cast<__rlimit_resource_t>(limit.resource), &value) != 0)
      return fail_now("set a resource limit");
  }
  return {};
}

Result<Identity> find_identity(const ProcessSpec& spec) {
  auto passwd = read_plain_file("/etc/passwd", kDatabaseLimit);
  if (!passwd) return fail(std::move(passwd.error()));
  auto group = read_plain_file("/etc/group", kDatabaseLimit);
  if (!group) return fail(std::move(group.error()));
  auto identity = resolve_identity(spec.user, *passwd, *group);
  if (!identity) return identity;
  identity->groups.insert(identity->groups.end(), spec.supplemental_groups.begin(),
                          spec.supplemental_groups.end());
  return identity;
}

Status enter_working_directory(const std::string& cwd) {
  if (chdir(cwd.c_str()) == 0) return {};
  std::string doing = "enter the working directory " + cwd;
  if (errno != ENOENT) return fail_now(doing);
  if (auto status = make_directories(cwd); !status) return status;
  if (chdir(cwd.c_str()) != 0) return fail_now(doing);
  return {};
}

// A program may open its channels again by name (/dev/stdout), as its own user.
void give_channels(uid_t uid) {
  for (int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    struct stat status {};
    if (fstat(fd, &status) != 0) continue;
    if (S_ISFIFO(status.st_mode) || isatty(fd) != 0) (void)!fchown(fd, uid, static_cast<gid_t>(-1));
  }
}

// The agent blocks all signals; ignored ones would stay ignored over execve, blocked ones blocked.
void reset_signals() {
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
}

std::vector<char*> pointers(const std::vector<std::string>& strings) {
  std::vector<char*> result;
  result.reserve(strings.size() + 1);
  for (const std::string& string : strings) result.push_back(const_cast<char*>(string.c_str()));
  result.push_back(nullptr);
  return result;
}

Error execution_failure(const std::string& path, int error) {
  std::string sentence = "execute " + path + ": ";
  switch (error) {
    case ENOEXEC:
      sentence += "neither a program for this architecture nor a script that begins with #!";
      return {Code::kCommandNotExecutable, sentence, {}};
    case ENOENT:
      // The file was there a moment ago: it is what it names that is missing.
      sentence += "its interpreter or loader isn't in the image";
      return {Code::kCommandNotFound, sentence, {}};
    case E2BIG:
      sentence += "its arguments and environment are too long";
      return {Code::kInvalid, sentence, {}};
    default:
      return {Code::kCommandNotExecutable, fail_with("execute " + path, error).value().message, {}};
  }
}

// As execvp: the first file that may be executed. Returns only with the reason that none could be.
Error execute(const ProcessSpec& spec, const std::vector<std::string>& env) {
  std::vector<char*> args = pointers(spec.args), environment = pointers(env);
  const std::string& command = spec.args.front();
  Error refused{Code::kCommandNotFound, "command not found: " + command, {}};
  for (const std::string& path : command_candidates(command, env)) {
    struct stat status {};
    if (stat(path.c_str(), &status) != 0 && errno != EACCES) continue;
    int error = EACCES;
    if (!S_ISDIR(status.st_mode) && access(path.c_str(), X_OK) == 0) {
      execve(path.c_str(), args.data(), environment.data());
      error = errno;
    }
    refused = execution_failure(path, error);
    if (error != EACCES) break;
  }
  return refused;
}

Status prepare(const ProcessSpec& spec, bool is_init, std::vector<std::string>& env) {
  umask(022);
  if (auto status = become_session_leader(spec, is_init); !status) return status;
  auto identity = find_identity(spec);
  if (!identity) return fail(std::move(identity.error()));
  if (find_variable(env, "HOME") == nullptr) env.push_back("HOME=" + identity->home);
  give_channels(identity->uid);
  if (auto status = enter_working_directory(spec.cwd); !status) return status;
  if (auto status = set_limits(spec); !status) return status;
  if (auto status = limit_capabilities(spec.capabilities); !status) return status;
  if (setgroups(identity->groups.size(), identity->groups.data()) != 0 ||
      setresgid(identity->gid, identity->gid, identity->gid) != 0 ||
      setresuid(identity->uid, identity->uid, identity->uid) != 0)
    return fail_now("become the user " + spec.user);
  if (auto status = set_capabilities(identity->uid == 0 ? spec.capabilities : 0); !status)
    return status;
  if (spec.no_new_privileges && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
    return fail_now("set no_new_privs");
  return {};
}

}  // namespace

void arrange_descriptors(int in, int out, int err, int error, int error_at) {
  dup2(in, STDIN_FILENO);
  dup2(out, STDOUT_FILENO);
  dup2(err, STDERR_FILENO);
  if (error == error_at) {
    fcntl(error, F_SETFD, FD_CLOEXEC);
  } else {
    dup3(error, error_at, O_CLOEXEC);
  }
  close_range(static_cast<unsigned>(error_at) + 1, ~0U, 0);
}

void run_program(const ProcessSpec& spec, bool is_init, int error_fd) {
  std::vector<std::string> env = spec.env;
  Status status = prepare(spec, is_init, env);
  if (status) {
    reset_signals();
    status = fail(execute(spec, env));
  }
  report_failure(error_fd, status.error());
  _exit(1);
}

}  // namespace bulkhead::guest
