#include "virtiofsd.hpp"

#include <algorithm>
#include <csignal>

namespace bulkhead::qemu {
namespace {

constexpr const char* kName = "/virtiofsd";
constexpr const char* kSuccessor = "/usr/libexec/virtiofsd";
constexpr const char* kQemusOwn = "/usr/lib/qemu/virtiofsd";

// Options of QEMU's own are a list: a comma in a path must not begin another.
std::string escaped(std::string_view path) {
  std::string out;
  for (const char c : path) {
    if (c == ',' || c == '\\') out += '\\';
    out += c;
  }
  return out;
}

std::vector<std::string> candidates(const std::string& path_variable) {
  std::vector<std::string> out;
  std::string_view rest = path_variable;
  while (!rest.empty()) {
    const size_t colon = std::min(rest.find(':'), rest.size());
    if (rest.starts_with('/')) out.push_back(std::string(rest.substr(0, colon)) + kName);
    rest.remove_prefix(std::min(colon + 1, rest.size()));
  }
  out.insert(out.end(), {kSuccessor, kQemusOwn});
  return out;
}

void add_options_of_qemus_own(Program& program, const Share& share) {
  program.arguments.insert(program.arguments.end(),
                           {"-f", "-o", "source=" + escaped(share.path), "-o",
                            "cache=auto,xattr,no_flock,no_posix_lock,log_level=err"});
  if (share.read_only) program.read_only_folder = share.path;
}

void add_options(Program& program, const Share& share, User user) {
  program.arguments.insert(
      program.arguments.end(),
      {"--shared-dir=" + share.path, "--cache=auto", "--xattr", "--log-level=error",
       user.uid == 0 ? "--sandbox=namespace" : "--sandbox=none"});
  if (share.read_only) program.arguments.emplace_back("--readonly");
  if (user.uid == 0) return;
  program.arguments.push_back("--translate-uid=squash-guest:0:" + std::to_string(user.uid) +
                              ":4294967295");
  program.arguments.push_back("--translate-gid=squash-guest:0:" + std::to_string(user.gid) +
                              ":4294967295");
}

}  // namespace

bool is_qemus_own(std::string_view virtiofsd) {
  return virtiofsd.find("/lib/qemu/") != std::string_view::npos;
}

Result<std::string> find_virtiofsd(const std::string& given, const std::string& path_variable,
                                   User user,
                                   const std::function<bool(const std::string&)>& exists) {
  std::vector<std::string> all = candidates(path_variable);
  if (!given.empty()) all = {given};
  std::erase_if(all, [&exists](const std::string& path) { return !exists(path); });
  if (all.empty())
    return fail(Code::kUnavailable, "there is no virtiofsd on this host",
                "install it (package virtiofsd or qemu-system-common)");
  for (const std::string& path : all) {
    if (user.uid == 0 || !is_qemus_own(path)) return path;
  }
  return fail(Code::kUnavailable,
              all.front() + " serves all users of a container only if it runs as root",
              "install the newer one (package virtiofsd)");
}

Program virtiofsd_program(const std::string& virtiofsd, const Share& share, User user) {
  Program program;
  program.arguments = {virtiofsd, "--fd=" + std::to_string(kShareListenerFd)};
  if (is_qemus_own(virtiofsd)) {
    add_options_of_qemus_own(program, share);
  } else {
    add_options(program, share, user);
  }
  program.new_session = true;
  program.parent_death_signal = SIGKILL;
  program.own_processes = user.uid == 0;  // to lock itself in, it starts another one
  return program;
}

}  // namespace bulkhead::qemu
