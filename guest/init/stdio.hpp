// The two ends of a process's input, output and error channel.
//
// Pipes, or one terminal of the container's own devpts for all three. The agent's ends don't block;
// the child's do. The error channel closes at a successful execve and carries {code, message}
// otherwise.
#pragma once

#include <string>

#include "bulkhead/result.hpp"
#include "bulkhead/unique_fd.hpp"
#include "guest/core/process_spec.hpp"

namespace bulkhead::guest {

struct ChildEnds {
  UniqueFd in, out, err;  // with a terminal, only in: the terminal
  UniqueFd error;
  bool terminal = false;

  int in_fd() const { return in.get(); }
  int out_fd() const { return terminal ? in.get() : out.get(); }
  int err_fd() const { return terminal ? in.get() : err.get(); }
};

struct AgentEnds {
  UniqueFd in, out, err;  // with a terminal, only out: its master side
  UniqueFd error;
  bool terminal = false;
  bool interactive = false;  // somebody types
};

struct Stdio {
  ChildEnds child;
  AgentEnds agent;
};

// devpts: the root of the container's instance; used only with a terminal.
Result<Stdio> open_stdio(const ProcessSpec& spec, int devpts);

Status resize_terminal(int terminal, TerminalSize size);
// As if its user had typed the end of input (Ctrl-D, unless the terminal says otherwise).
void type_end_of_input(int terminal);

// What the child writes into the error channel, and its reading.
std::string failure_record(const Error& error);
void report_failure(int error_fd, const Error& error);
Error parse_failure(std::string_view record);

}  // namespace bulkhead::guest
