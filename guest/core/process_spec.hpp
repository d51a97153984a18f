// What to run: the Process object of guest/PROTOCOL.md, checked and in the kernel's terms.
#pragma once

#include <sys/resource.h>
#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bulkhead/result.hpp"
#include "guest/core/capability_set.hpp"

namespace bulkhead::guest {

struct TerminalSize {
  uint16_t rows = 24;
  uint16_t cols = 80;
};

struct ResourceLimit {
  int resource = 0;
  rlim_t soft = 0;
  rlim_t hard = 0;
};

struct ProcessSpec {
  std::vector<std::string> args;
  std::vector<std::string> env;
  std::string cwd = "/";
  bool terminal = false;
  bool has_stdin = false;
  TerminalSize size;
  std::string user;
  std::vector<gid_t> supplemental_groups;
  CapabilitySet capabilities = 0;
  std::vector<ResourceLimit> limits;
  bool no_new_privileges = false;
};

// Strings that reach the kernel have no NUL in them, cwd is absolute, args isn't empty.
Result<ProcessSpec> parse_process(std::string_view json);

// The bodies of the two requests about a running process.
Result<int> parse_signal(std::string_view json);
Result<TerminalSize> parse_terminal_size(std::string_view json);

}  // namespace bulkhead::guest
