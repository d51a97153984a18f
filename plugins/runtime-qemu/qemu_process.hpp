// The QEMU child and its channels, which are all socket pairs made here and inherited: console,
// QMP, standard error, agent.
//
// The child dies with the thread that spawned it (PR_SET_PDEATHSIG): a host that is killed leaves
// no VM behind. Its end is told once, when it is reaped and whatever it said before has been read
// to the last byte: so that an exit code that the guest reported just before it powered off is
// never lost to the order of two events.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "bulkhead/child.hpp"
#include "bulkhead/result.hpp"
#include "bulkhead/unique_fd.hpp"
#include "core/loop/child_watch.hpp"
#include "core/loop/fd_stream.hpp"
#include "discard_guard.hpp"
#include "host_clock.hpp"
#include "qmp_session.hpp"

namespace bulkhead::qemu {

// The path of the emulator for guests of this machine's architecture: `given`, or else the usual
// name for PATH.
std::string qemu_binary(const std::string& given);

class QemuProcess {
 public:
  struct Callbacks {
    std::function<void(std::string_view bytes)> console;
    std::function<void(std::string_view line)> complaint;  // a line of standard error
    std::function<void()> greeted;                         // QMP answers: QEMU is set up
    // With "exited with status 1" or the like; may destroy this object.
    std::function<void(const std::string& how)> gone;
    // An event of QMP; may be empty.
    std::function<void(std::string_view name, const Json& data)> event = {};
  };

  // {the child's number, our descriptor}: what the arguments name beside the channels. They stay
  // the caller's. `ram` is a template's, for a clone: discard_guard.hpp.
  using Inherited = std::vector<std::pair<int, int>>;
  static Result<std::unique_ptr<QemuProcess>> spawn(loop::Loop& loop, const std::string& binary,
                                                    std::vector<std::string> arguments,
                                                    const Inherited& inherited, Callbacks callbacks,
                                                    const UniqueFd* ram = nullptr);

  // The host's end of the agent's channel; once. Whoever takes it calls agent_ended() when it is
  // read to its end.
  UniqueFd take_agent();
  void agent_ended();

  // A QMP command; before the greeting it waits for it. Descriptors travel with it (getfd).
  void execute(std::string_view command, const Json& arguments, QmpSession::Done done,
               std::vector<UniqueFd> fds = {});

  void kill();  // SIGKILL; gone() follows
  pid_t pid() const { return child_.pid; }
  const std::string& version() const { return qmp_.version(); }
  const std::string& last_complaint() const { return last_complaint_; }

 private:
  // One of the host's ends that this object reads to its end.
  struct Channel {
    std::unique_ptr<loop::FdStream> stream;
    bool ended = false;
  };

  QemuProcess(loop::Loop& loop, Callbacks callbacks);

  void read_channel(loop::Loop& loop, Channel& channel, UniqueFd fd,
                    std::function<void(std::string_view)> on_bytes);
  void on_qmp(std::string_view bytes);
  void on_stderr(std::string_view bytes);
  bool may_complain();
  void check_gone();

  Callbacks callbacks_;
  QmpSession qmp_;
  Child child_;
  Channel console_, control_, stderr_;
  UniqueFd agent_;
  bool agent_open_ = false;
  std::string complaint_;  // unfinished line
  std::string last_complaint_;
  int64_t complaints_ = 0;  // passed on
  int64_t began_us_ = ticks_us();
  std::optional<std::string> end_;
  loop::Timer gone_timer_;
  std::unique_ptr<loop::ChildWatch> watch_;
  std::unique_ptr<DiscardGuard> guard_;
};

}  // namespace bulkhead::qemu
