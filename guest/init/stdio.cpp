#include "guest/init/stdio.hpp"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <cstring>

#include "guest/core/errors.hpp"

namespace bulkhead::guest {
namespace {

struct Pipe {
  UniqueFd read_end, write_end;
};

Result<Pipe> open_pipe() {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return fail_now("create a pipe");
  return Pipe{UniqueFd(ends[0]), UniqueFd(ends[1])};
}

// O_NONBLOCK belongs to one end of a pipe, so the child's end stays as programs expect it.
void unblock(const UniqueFd& fd) {
  fcntl(fd.get(), F_SETFL, O_NONBLOCK);
}

Status open_output(UniqueFd& agent, UniqueFd& child) {
  auto pipe = open_pipe();
  if (!pipe) return fail(std::move(pipe.error()));
  agent = std::move(pipe->read_end);
  child = std::move(pipe->write_end);
  unblock(agent);
  return {};
}

Status open_input(const ProcessSpec& spec, Stdio& stdio) {
  if (!spec.has_stdin) {
    stdio.child.in.reset(open("/dev/null", O_RDONLY | O_CLOEXEC));
    if (!stdio.child.in) return fail_now("open /dev/null");
    return {};
  }
  auto pipe = open_pipe();
  if (!pipe) return fail(std::move(pipe.error()));
  stdio.child.in = std::move(pipe->read_end);
  stdio.agent.in = std::move(pipe->write_end);
  unblock(stdio.agent.in);
  return {};
}

// TIOCGPTPEER opens the terminal from its master, so that no path of the container is involved.
Status open_terminal(const ProcessSpec& spec, int devpts, Stdio& stdio) {
  UniqueFd master(openat(devpts, "ptmx", O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC));
  int unlock = 0;
  if (!master || ioctl(master.get(), TIOCSPTLCK, &unlock) != 0) return fail_now("open a terminal");
  UniqueFd peer(ioctl(master.get(), TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC));
  if (!peer) return fail_now("open a terminal");
  if (auto status = resize_terminal(master.get(), spec.size); !status) return status;
  stdio.child.in = std::move(peer);
  stdio.agent.out = std::move(master);
  stdio.child.terminal = stdio.agent.terminal = true;
  stdio.agent.interactive = spec.has_stdin;
  return {};
}

}  // namespace

Result<Stdio> open_stdio(const ProcessSpec& spec, int devpts) {
  Stdio stdio;
  Status status = open_output(stdio.agent.error, stdio.child.error);
  if (status && spec.terminal) {
    status = open_terminal(spec, devpts, stdio);
  } else if (status) {
    status = open_input(spec, stdio);
    if (status) status = open_output(stdio.agent.out, stdio.child.out);
    if (status) status = open_output(stdio.agent.err, stdio.child.err);
  }
  if (!status) return fail(std::move(status.error()));
  return stdio;
}

Status resize_terminal(int terminal, TerminalSize size) {
  winsize window{};
  window.ws_row = size.rows;
  window.ws_col = size.cols;
  if (ioctl(terminal, TIOCSWINSZ, &window) != 0) return fail_now("resize the terminal");
  return {};
}

void type_end_of_input(int terminal) {
  termios settings{};
  if (tcgetattr(terminal, &settings) != 0) return;
  (void)!write(terminal, &settings.c_cc[VEOF], 1);
}

std::string failure_record(const Error& error) {
  auto code = static_cast<int32_t>(error.code);
  return std::string(reinterpret_cast<const char*>(&code), sizeof code) + error.message;
}

void report_failure(int error_fd, const Error& error) {
  std::string record = failure_record(error);
  (void)!write(error_fd, record.data(), record.size());
}

Error parse_failure(std::string_view record) {
  int32_t code = 0;
  if (record.size() < sizeof code) return Error{Code::kInternal, "the process didn't start", {}};
  memcpy(&code, record.data(), sizeof code);
  return Error{static_cast<Code>(code), std::string(record.substr(sizeof code)), {}};
}

}  // namespace bulkhead::guest
