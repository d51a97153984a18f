#include "host/resolved.hpp"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>

#include "bulkhead/child.hpp"
#include "io/files.hpp"

namespace bulkhead::cli {
namespace {

constexpr const char* kFolder = "/etc/systemd/resolved.conf.d";
// Made by resolved when it starts.
constexpr const char* kTrace = "/run/systemd/resolve/resolv.conf";
constexpr std::string_view kOwned = "# Of the container service at ";
constexpr const char* kReload = "systemctl try-reload-or-restart systemd-resolved";

// So that the whole can stand in single ones and still be read.
std::string in_double_quotes(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\' || c == '$' || c == '`') out += '\\';
    out += c;
  }
  return out + '"';
}

std::string as_root(std::string_view script) {
  std::string out = "sudo sh -c '";
  for (const char c : script) {
    if (c == '\'') {
      out += "'\\''";
    } else {
      out += c;
    }
  }
  return out + '\'';
}

std::string owner_line(const std::string& owner) {
  std::string line = std::string(kOwned) + owner;
  const auto is_control = [](unsigned char c) { return c < ' ' || c == 127; };
  std::replace_if(line.begin(), line.end(), is_control, '?');
  return line;
}

// What a file's first line says of whose it is; nothing if there is no file.
std::optional<std::string> first_line(const std::string& file) {
  const auto text = read_file(file);
  if (!text) return std::nullopt;
  return text->substr(0, text->find('\n'));
}

bool is_safe(std::string_view domain) {
  constexpr std::string_view kAllowed = "abcdefghijklmnopqrstuvwxyz0123456789-_.";
  return !domain.empty() && domain.find_first_not_of(kAllowed) == std::string_view::npos;
}

// Of the folder, or of the one in which it would be made.
bool may_write(std::filesystem::path folder) {
  std::error_code error;
  while (!std::filesystem::exists(folder, error) && folder.has_parent_path() &&
         folder != folder.parent_path())
    folder = folder.parent_path();
  return ::faccessat(AT_FDCWD, folder.c_str(), W_OK, AT_EACCESS) == 0;
}

Status run_shell(const std::string& script, int in, int err, const std::string& path) {
  Program program;
  program.arguments = {"/bin/sh", "-c", script};
  program.fds = {{0, in}, {1, err}, {2, err}};
  if (!path.empty()) program.environment = {{"PATH", path}};
  const auto child = spawn(program);
  if (!child) return fail(child.error());
  int status = 0;
  while (::waitpid(child->pid, &status, 0) < 0) {
    if (errno != EINTR) return fail_errno("wait for sh", errno);
  }
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return {};
  return fail(Code::kInternal, "it failed");
}

}  // namespace

Resolved::Surroundings Resolved::surroundings_of(Context& context) {
  Surroundings found;
  std::error_code error;
  if (const auto folder = context.environment("BULKHEAD_RESOLVED_DIR")) {
    found.folder = *folder;
  } else if (std::filesystem::exists(kTrace, error)) {
    found.folder = kFolder;
  }
  found.may_write = may_write(found.folder);
  found.may_ask = ::isatty(context.in) == 1 && context.err.is_terminal();
  found.announce = [&context](const std::string& text) { context.err.write(text); };
  found.run = [in = context.in, err = context.err.fd(),
               path = context.environment("PATH").value_or("")](const std::string& script) {
    return run_shell(script, in, err, path);
  };
  return found;
}

std::string Resolved::file_of(const std::string& domain) const {
  return surroundings_.folder + "/bulkhead-" + domain + ".conf";
}

std::string Resolved::carry_out(const std::string& script, std::string_view purpose) const {
  const std::string with_sudo = as_root(script);
  const std::string reason = "To " + std::string(purpose);
  Status done = fail(Code::kDenied, "not tried");
  if (surroundings_.may_write) {
    done = surroundings_.run(script);
  } else if (surroundings_.may_ask) {
    surroundings_.announce(reason + ":\n  " + with_sudo + "\n");
    done = surroundings_.run(with_sudo);
  }
  if (done) return "";
  return reason + ", type:\n  " + with_sudo + "\n";
}

std::string Resolved::add(const ResolvedDomain& domain) const {
  if (!exists() || !is_safe(domain.domain)) return "";
  const std::string file = file_of(domain.domain);
  const std::string owner = owner_line(domain.owner);
  if (const auto other = first_line(file); other && *other != owner)
    return "Warning: " + file +
           " isn't this service's, and stays as it is: this host's programs look elsewhere for "
           "names in " +
           domain.domain + ".\n";
  return carry_out("umask 022 && mkdir -p " + in_double_quotes(surroundings_.folder) +
                       " && printf \"%s\\n\" " + in_double_quotes(owner) + " \"[Resolve]\" " +
                       in_double_quotes("DNS=" + domain.address) + ' ' +
                       in_double_quotes("Domains=~" + domain.domain) + " > " +
                       in_double_quotes(file) + " && " + kReload,
                   "let this host's programs find names in " + domain.domain);
}

std::string Resolved::remove(const ResolvedDomain& domain) const {
  if (!exists() || !is_safe(domain.domain)) return "";
  const std::string file = file_of(domain.domain);
  if (first_line(file) != owner_line(domain.owner)) return "";
  return carry_out("rm -f " + in_double_quotes(file) + " && " + kReload,
                   "let this host's programs forget names in " + domain.domain);
}

}  // namespace bulkhead::cli
