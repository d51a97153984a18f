#include "options/capability.hpp"

#include <algorithm>
#include <array>

#include "command/table.hpp"

namespace bulkhead::cli {

namespace {

// linux/capability.h, in the order of their numbers.
constexpr std::array<std::string_view, 41> kNames = {"CHOWN",
                                                     "DAC_OVERRIDE",
                                                     "DAC_READ_SEARCH",
                                                     "FOWNER",
                                                     "FSETID",
                                                     "KILL",
                                                     "SETGID",
                                                     "SETUID",
                                                     "SETPCAP",
                                                     "LINUX_IMMUTABLE",
                                                     "NET_BIND_SERVICE",
                                                     "NET_BROADCAST",
                                                     "NET_ADMIN",
                                                     "NET_RAW",
                                                     "IPC_LOCK",
                                                     "IPC_OWNER",
                                                     "SYS_MODULE",
                                                     "SYS_RAWIO",
                                                     "SYS_CHROOT",
                                                     "SYS_PTRACE",
                                                     "SYS_PACCT",
                                                     "SYS_ADMIN",
                                                     "SYS_BOOT",
                                                     "SYS_NICE",
                                                     "SYS_RESOURCE",
                                                     "SYS_TIME",
                                                     "SYS_TTY_CONFIG",
                                                     "MKNOD",
                                                     "LEASE",
                                                     "AUDIT_WRITE",
                                                     "AUDIT_CONTROL",
                                                     "SETFCAP",
                                                     "MAC_OVERRIDE",
                                                     "MAC_ADMIN",
                                                     "SYSLOG",
                                                     "WAKE_ALARM",
                                                     "BLOCK_SUSPEND",
                                                     "AUDIT_READ",
                                                     "PERFMON",
                                                     "BPF",
                                                     "CHECKPOINT_RESTORE"};

}  // namespace

Result<std::string> parse_capability(std::string_view text, std::string_view option) {
  std::string name;
  for (const char c : text) name += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  if (name == "ALL") return name;
  const std::string_view bare = std::string_view(name).substr(name.starts_with("CAP_") ? 4 : 0);
  if (std::find(kNames.begin(), kNames.end(), bare) == kNames.end()) {
    return usage(std::string(option) + ": '" + std::string(text) +
                 "' is not a Linux capability (nor ALL)");
  }
  return "CAP_" + std::string(bare);
}

Result<std::vector<std::string>> parse_capabilities(const std::vector<std::string>& texts,
                                                    std::string_view option) {
  std::vector<std::string> names;
  for (const std::string& text : texts) {
    auto name = parse_capability(text, option);
    if (!name) return fail(std::move(name.error()));
    if (std::find(names.begin(), names.end(), *name) == names.end()) {
      names.push_back(std::move(*name));
    }
  }
  return names;
}

}  // namespace bulkhead::cli
