#include "bulkhead/install.hpp"

#include <cerrno>
#include <filesystem>
#include <system_error>

// Relative to the prefix; given by the build (cmake/Options.cmake).
#if !defined(BULKHEAD_LIBEXEC) || !defined(BULKHEAD_PLUGINS) || !defined(BULKHEAD_SHARE)
#error "the build must say where the programs are installed"
#endif

namespace bulkhead {

namespace fs = std::filesystem;

std::string Install::daemon() const {
  return prefix + "/" BULKHEAD_LIBEXEC "/container-apiserver";
}
std::string Install::plugin_host() const {
  return prefix + "/" BULKHEAD_LIBEXEC "/container-plugin-host";
}
std::string Install::plugins() const {
  return prefix + "/" BULKHEAD_PLUGINS;
}
std::string Install::share() const {
  return prefix + "/" BULKHEAD_SHARE;
}

Result<Install> install_of(const std::string& program) {
  std::error_code error;
  for (fs::path at = fs::path(program).parent_path();; at = at.parent_path()) {
    if (fs::is_directory(at / BULKHEAD_LIBEXEC, error))
      return Install{at == "/" ? "" : at.string()};
    if (at == at.parent_path()) break;
  }
  return fail(Code::kNotFound, "the installation of " + program +
                                   " is incomplete: no " BULKHEAD_LIBEXEC " beside or above it");
}

Result<Install> find_install() {
  std::error_code error;
  std::string program = fs::read_symlink("/proc/self/exe", error).string();
  if (error) return fail_errno("find the running program", error.value());
  // An upgrade replaced the file under the running program; its successor stands at the same place.
  constexpr std::string_view kDeleted = " (deleted)";
  if (program.ends_with(kDeleted)) program.resize(program.size() - kDeleted.size());
  return install_of(program);
}

}  // namespace bulkhead
