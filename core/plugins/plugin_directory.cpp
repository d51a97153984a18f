#include "plugin_directory.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <filesystem>

#include "bulkhead/child.hpp"
#include "bulkhead/json.hpp"
#include "bulkhead/pidfd.hpp"

namespace bulkhead::plugins {
namespace {

constexpr std::chrono::seconds kDeadline{10};
constexpr size_t kLongestDescription = 64 << 10;

// What a child writes until it closes the pipe; cut off at the deadline, when it is killed.
std::string read_all(int pipe, int pidfd) {
  const auto deadline = std::chrono::steady_clock::now() + kDeadline;
  std::string text;
  char buffer[4096];
  while (text.size() < kLongestDescription) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        deadline - std::chrono::steady_clock::now());
    pollfd readable = {pipe, POLLIN, 0};
    const int ready = ::poll(&readable, 1, std::max(0, static_cast<int>(left.count())));
    if (ready < 0 && errno == EINTR) continue;
    if (ready <= 0) break;
    const ssize_t count = ::read(pipe, buffer, sizeof buffer);
    if (count <= 0) return text;
    text.append(buffer, static_cast<size_t>(count));
  }
  [[maybe_unused]] const Status killed = signal_pidfd(pidfd, SIGKILL);
  return text;
}

std::string last_line(std::string_view text) {
  while (text.ends_with('\n')) text.remove_suffix(1);
  const size_t newline = text.rfind('\n');
  return std::string(newline == std::string_view::npos ? text : text.substr(newline + 1));
}

Failure refused(const std::string& file, const siginfo_t& end, std::string reason) {
  constexpr std::string_view kPrefix = "container-plugin-host: ";
  if (end.si_code != CLD_EXITED) {
    return fail(Code::kInvalid,
                file + ": looking at it ended with signal " + std::to_string(end.si_status));
  }
  if (reason.starts_with(kPrefix)) reason.erase(0, kPrefix.size());
  return fail(Code::kInvalid, reason.empty() ? file + " could not be looked at" : reason);
}

}  // namespace

const PluginFile* PluginDirectory::offering(std::string_view capability,
                                            std::string_view id) const {
  const auto found = std::find_if(plugins.begin(), plugins.end(), [&](const PluginFile& plugin) {
    const bool offers = std::find(plugin.capabilities.begin(), plugin.capabilities.end(),
                                  capability) != plugin.capabilities.end();
    return offers && (id.empty() || plugin.id == id);
  });
  return found == plugins.end() ? nullptr : &*found;
}

Result<PluginFile> describe_plugin(const std::string& file, const std::string& host_program) {
  int ends[2] = {-1, -1};
  if (::pipe2(ends, O_CLOEXEC) != 0) return fail_errno("look at " + file, errno);
  const UniqueFd reading(ends[0]);
  UniqueFd writing(ends[1]);
  Program program;
  program.arguments = {host_program, "--plugin", file, "--describe"};
  program.fds = {{1, writing.get()}, {2, writing.get()}};
  program.parent_death_signal = SIGKILL;
  auto child = spawn(program);
  if (!child) return fail(std::move(child.error()).context("look at " + file));
  writing.reset();
  const std::string line = last_line(read_all(reading.get(), child->pidfd.get()));
  siginfo_t end = {};
  while (::waitid(P_PIDFD, static_cast<id_t>(child->pidfd.get()), &end, WEXITED) != 0 &&
         errno == EINTR) {
  }
  const auto told = parse_json(line);
  if (end.si_code != CLD_EXITED || end.si_status != 0 || !told) return refused(file, end, line);

  PluginFile plugin{file, string_or(*told, "id", ""), string_or(*told, "version", ""), {}};
  for (const Json& capability : told->value("capabilities", Json::array())) {
    if (capability.is_string()) plugin.capabilities.push_back(capability.get<std::string>());
  }
  return plugin;
}

Result<PluginDirectory> scan_plugins(const std::string& directory,
                                     const std::string& host_program) {
  std::vector<std::string> files;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(directory, error)) {
    if (entry.path().extension() == ".so") files.push_back(entry.path());
  }
  if (error) return fail_errno("look for plugins in " + directory, error.value());
  std::sort(files.begin(), files.end());
  PluginDirectory found;
  for (const std::string& file : files) {
    auto plugin = describe_plugin(file, host_program);
    if (plugin) {
      found.plugins.push_back(std::move(*plugin));
    } else {
      found.refused.push_back({file, plugin.error().message});
    }
  }
  return found;
}

}  // namespace bulkhead::plugins
