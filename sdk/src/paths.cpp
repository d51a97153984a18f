#include "bulkhead/paths.hpp"

#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <system_error>

namespace bulkhead {
namespace {

// Without "." and "..", and without a slash at the end: the same place has one spelling.
std::string tidy(const std::filesystem::path& path) {
  std::string text = path.lexically_normal().string();
  if (text.size() > 1 && text.back() == '/') text.pop_back();
  return text;
}

class Rule {
 public:
  explicit Rule(const Surroundings& surroundings) : surroundings_(surroundings) {}

  std::string text(const char* name) const {
    const char* value = surroundings_.variable(name);
    return value == nullptr ? std::string() : value;
  }

  // $name or $HOME/otherwise; empty if neither is an absolute path.
  std::string directory(const char* name, const char* otherwise) const {
    if (std::string given = text(name); given.starts_with('/')) return tidy(given);
    const std::string home = text("HOME");
    return home.starts_with('/') ? tidy(home + '/' + otherwise) : std::string();
  }

 private:
  const Surroundings& surroundings_;
};

Paths below(const std::string& root) {
  return {root + "/data", root + "/run", root + "/logs", root + "/config"};
}

}  // namespace

Result<Paths> paths_in(const Surroundings& surroundings) {
  const Rule rule(surroundings);
  if (const std::string root = rule.text("CONTAINER_ROOT"); !root.empty()) {
    return below(tidy(std::filesystem::path(surroundings.cwd) / root));
  }
  if (surroundings.uid == 0) {
    return Paths{"/var/lib/bulkhead", "/run/bulkhead", "/var/log/bulkhead", "/etc/bulkhead"};
  }
  const std::string data = rule.directory("XDG_DATA_HOME", ".local/share");
  const std::string state = rule.directory("XDG_STATE_HOME", ".local/state");
  const std::string config = rule.directory("XDG_CONFIG_HOME", ".config");
  if (data.empty() || state.empty() || config.empty()) {
    return fail(Code::kInvalid, "there is no place for data: HOME is not set to an absolute path",
                "set HOME, or CONTAINER_ROOT to a directory of your choice");
  }
  const std::string runtime = rule.text("XDG_RUNTIME_DIR");
  Paths paths;
  paths.data = data + "/bulkhead";
  paths.run = runtime.starts_with('/') ? tidy(runtime) + "/bulkhead" : data + "/bulkhead/run";
  paths.logs = state + "/bulkhead/logs";
  paths.config = config + "/bulkhead";
  return paths;
}

Result<Paths> find_paths() {
  std::error_code error;
  // A working directory that was removed matters only to a relative CONTAINER_ROOT.
  const auto cwd = std::filesystem::current_path(error);
  const char* root = std::getenv("CONTAINER_ROOT");
  if (error && root != nullptr && *root != '/') {
    return fail_errno("find the current directory", error.value());
  }
  return paths_in({::geteuid(), cwd.string(),
                   [](const char* name) { return static_cast<const char*>(std::getenv(name)); }});
}

}  // namespace bulkhead
