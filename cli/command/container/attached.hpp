// A request whose answer is a process on the user's terminal: run, start --attach and exec share
// all of it.
#pragma once

#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>

#include "command/context.hpp"

namespace bulkhead::cli {

struct AttachedProcess {
  std::string target;        // POSTed to, with the upgrade
  bool interactive = false;  // forward standard input
  bool terminal = false;     // the process has one
};

struct AttachedEnd {
  Result<int> status;          // the process's exit status
  bool may_still_run = false;  // it failed on our side only
  bool over = false;  // the stream has told the end; the service may have yet to write it down
  std::optional<int64_t> first_output_us = {};  // by the host's clock
};

// `body_with_size` makes the request's body, given {"rows", "cols"} or null.
AttachedEnd run_attached(
    Context& context, const AttachedProcess& process,
    const std::function<nlohmann::json(const nlohmann::json& size)>& body_with_size);

}  // namespace bulkhead::cli
