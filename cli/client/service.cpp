#include "client/service.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <thread>

#include "bulkhead/child.hpp"
#include "bulkhead/install.hpp"
#include "bulkhead/unix_socket.hpp"
#include "client/exchange.hpp"
#include "options/host_path.hpp"

namespace bulkhead::cli {

namespace {

using std::chrono::steady_clock;

// The folder and those above it, readable by their owner only.
Status make_folders(const std::string& path) {
  if (mkdir(path.c_str(), 0700) == 0 || errno == EEXIST) {
    struct stat status = {};
    if (stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode)) return {};
    return fail_errno("create the folder " + path, ENOTDIR);
  }
  const size_t slash = path.rfind('/');
  if (errno != ENOENT || slash == 0 || slash == std::string::npos) {
    return fail_errno("create the folder " + path, errno);
  }
  if (auto made = make_folders(path.substr(0, slash)); !made) return made;
  if (mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) {
    return fail_errno("create the folder " + path, errno);
  }
  return {};
}

Result<UniqueFd> lock_starting(const std::string& run) {
  const std::string path = run + "/start.lock";
  UniqueFd lock(open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!lock) return fail_errno("open " + path, errno);
  while (flock(lock.get(), LOCK_EX) != 0) {
    if (errno != EINTR) return fail_errno("lock " + path, errno);
  }
  return lock;
}

// True if something that speaks our protocol answers at the socket.
bool answers(const std::string& socket) {
  auto connection = connect_unix(socket);
  if (!connection) return false;
  auto exchange = Exchange::begin(std::move(*connection), {"GET", "/v1/ping"});
  return exchange && exchange->read_head() && exchange->status() == 200;
}

// What the service said about its end: its first error since `begin`, or else its last line.
//
//     2026-11-24T04:15:34.361711Z error lock /x: Permission denied
std::string reason_since(const std::string& path, off_t begin) {
  constexpr std::string_view kError = " error ";
  const UniqueFd file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  char text[4096];
  const ssize_t count = pread(file.get(), text, sizeof text, begin);
  if (count <= 0) return {};
  std::string_view said(text, static_cast<size_t>(count));
  while (said.ends_with('\n')) said.remove_suffix(1);
  if (const size_t error = said.find(kError); error != std::string_view::npos) {
    said.remove_prefix(error + kError.size());
    return std::string(said.substr(0, said.find('\n')));
  }
  return std::string(said.substr(said.rfind('\n') + 1));
}

// As a shell would say it: 128+n for signal n.
int exit_status(int status) {
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

// Waits until the service answers, ends, or has had its time.
Status wait_for(const Child& child, const std::string& socket, const std::string& log,
                off_t log_begin, std::chrono::seconds timeout) {
  const auto deadline = steady_clock::now() + timeout;
  while (!answers(socket)) {
    int status = 0;
    if (waitpid(child.pid, &status, WNOHANG) == child.pid) {
      const std::string reason = reason_since(log, log_begin);
      return fail(Code::kUnavailable,
                  "the service ended with status " + std::to_string(exit_status(status)) +
                      " while it started" + (reason.empty() ? "" : ": " + reason),
                  "Its log is " + log + ".");
    }
    if (steady_clock::now() >= deadline) {
      return fail(Code::kTimeout,
                  "the service doesn't answer after " + std::to_string(timeout.count()) + " s",
                  "Its log is " + log + ".");
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return {};
}

// A log of more than 8 MiB makes room for a new one when the service starts; the one before stays
// beside it. A service writes some lines per start and per trouble, so it needn't do it itself.
void put_away(const std::string& log) {
  constexpr uintmax_t kLargest = 8U << 20;
  std::error_code error;
  if (const auto size = std::filesystem::file_size(log, error); error || size <= kLargest) return;
  std::filesystem::rename(log, log + ".1", error);
}

Result<Child> spawn_daemon(const StartOptions& options, int log) {
  auto install =
      options.install_root ? Result<Install>(Install{*options.install_root}) : find_install();
  if (!install) return fail(std::move(install.error()).context("find the service's program"));
  Program program;
  program.arguments = {install->daemon()};
  if (options.root) program.environment = {{"CONTAINER_ROOT", *options.root}};
  program.fds = {{1, log}, {2, log}};
  program.directory = "/";
  program.new_session = true;
  auto child = spawn(program);
  if (!child) return fail(std::move(child.error()).context("start the service"));
  return child;
}

Result<Paths> paths_for(const StartOptions& options) {
  if (!options.root) return find_paths();
  Surroundings surroundings;
  surroundings.uid = getuid();
  surroundings.cwd = "/";
  surroundings.variable = [&](const char* name) {
    return std::string_view(name) == "CONTAINER_ROOT" ? options.root->c_str() : getenv(name);
  };
  return paths_in(surroundings);
}

}  // namespace

Result<Paths> Service::paths() const {
  return find_paths();
}

bool Service::left_hosts() const {
  const auto found = paths();
  if (!found) return false;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(found->run + "/hosts", error)) {
    if (entry.path().extension() == ".sock") return true;
  }
  return false;
}

std::string Service::log_file() const {
  const auto found = paths();
  return found ? found->logs + "/apiserver.log" : "apiserver.log";
}

Result<std::string> Service::socket() const {
  if (!socket_.empty()) return socket_;
  const auto found = paths();
  if (!found) return fail(found.error());
  return found->socket();
}

Result<UniqueFd> Service::connect_if_running() {
  const auto path = socket();
  if (!path) return fail(path.error());
  auto connection = connect_unix(*path);
  if (connection) {
    may_start_ = false;
    return connection;
  }
  if (connection.error().code == Code::kNotFound || connection.error().code == Code::kUnavailable) {
    return fail(Code::kUnavailable, "the service isn't running",
                "Start it with 'container system start'.");
  }
  return fail(std::move(connection.error()).context("connect to the service"));
}

Result<UniqueFd> Service::connect() {
  auto connection = connect_if_running();
  if (connection || !may_start_ || connection.error().code != Code::kUnavailable) return connection;
  if (told_) told_();
  if (auto started = start({}); !started) return fail(std::move(started.error()));
  return connect_if_running();
}

Result<bool> Service::start(const StartOptions& asked) {
  StartOptions options = asked;
  // The daemon lives in another directory, where a relative root would be another one.
  if (const char* root = getenv("CONTAINER_ROOT"); !options.root && root != nullptr && *root) {
    auto absolute = parse_host_path(root, "CONTAINER_ROOT");
    if (!absolute) return fail(std::move(absolute.error()));
    options.root = std::move(*absolute);
  }
  const auto paths = paths_for(options);
  if (!paths) return fail(paths.error());
  for (const std::string& folder : {paths->run, paths->logs}) {
    if (auto made = make_folders(folder); !made) return fail(std::move(made.error()));
  }
  const auto lock = lock_starting(paths->run);
  if (!lock) return fail(lock.error());
  // Somebody else may have started it while we waited for the lock.
  if (answers(paths->socket())) return false;

  const std::string log = paths->logs + "/apiserver.log";
  put_away(log);
  const UniqueFd log_fd(open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
  if (!log_fd) return fail_errno("open " + log, errno);
  const off_t log_begin = lseek(log_fd.get(), 0, SEEK_END);
  const auto child = spawn_daemon(options, log_fd.get());
  if (!child) return fail(child.error());
  if (auto ready = wait_for(*child, paths->socket(), log, log_begin, options.timeout); !ready) {
    return fail(std::move(ready.error()));
  }
  return true;
}

std::vector<std::string> Service::plugin_directories() const {
  std::vector<std::string> directories;
  if (const auto found = paths()) directories.push_back(found->data + "/plugins");
  if (const auto install = find_install()) directories.push_back(install->plugins());
  return directories;
}

}  // namespace bulkhead::cli
