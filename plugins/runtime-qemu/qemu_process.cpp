#include "qemu_process.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include <cerrno>
#include <csignal>
#include <utility>

#include "host_clock.hpp"
#include "qemu_arguments.hpp"

namespace bulkhead::qemu {
namespace {

constexpr size_t kLongestComplaint = 400;
// A guest can make QEMU complain as often as it likes: so many lines are passed on, and one more
// for each while that passes.
constexpr int64_t kMostComplaints = 20;
constexpr int64_t kComplaintEveryUs = 10'000'000;

struct Pair {
  UniqueFd host, child;
};

Result<Pair> socket_pair() {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
    return fail_errno("make a socket pair", errno);
  }
  return Pair{UniqueFd(ends[0]), UniqueFd(ends[1])};
}

}  // namespace

std::string qemu_binary(const std::string& given) {
  if (!given.empty()) return given;
#if defined(__aarch64__)
  return "qemu-system-aarch64";
#else
  return "qemu-system-x86_64";
#endif
}

QemuProcess::QemuProcess(loop::Loop& loop, Callbacks callbacks)
    : callbacks_(std::move(callbacks)),
      qmp_([this](std::string_view name, const Json& data) {
        if (callbacks_.event) callbacks_.event(name, data);
      }),
      gone_timer_(loop, [this] {
        const auto gone = callbacks_.gone;
        const std::string how = *end_;
        gone(how);
      }) {}

Result<std::unique_ptr<QemuProcess>> QemuProcess::spawn(loop::Loop& loop, const std::string& binary,
                                                        std::vector<std::string> arguments,
                                                        const Inherited& inherited,
                                                        Callbacks callbacks, const UniqueFd* ram) {
  auto agent = socket_pair();
  auto qmp = socket_pair();
  auto console = socket_pair();
  auto complaints = socket_pair();
  for (const auto* made : {&agent, &qmp, &console, &complaints}) {
    if (!*made) return fail(made->error());
  }
  Program program;
  program.arguments.push_back(binary);
  for (std::string& argument : arguments) program.arguments.push_back(std::move(argument));
  program.fds = {{STDERR_FILENO, complaints->child.get()},
                 {kAgentFd, agent->child.get()},
                 {kQmpFd, qmp->child.get()},
                 {kConsoleFd, console->child.get()}};
  program.fds.insert(program.fds.end(), inherited.begin(), inherited.end());
  program.new_session = true;  // a Ctrl-C at the service's terminal is not for the container
  program.parent_death_signal = SIGKILL;
  if (ram) program.supervised_call = DiscardGuard::call();
  auto child = bulkhead::spawn(program);
  if (!child) return fail(std::move(child.error()).context("start " + binary));

  std::unique_ptr<QemuProcess> self(new QemuProcess(loop, std::move(callbacks)));
  QemuProcess* raw = self.get();
  self->child_ = std::move(*child);
  self->agent_ = std::move(agent->host);
  if (self->child_.supervisor) {
    self->guard_ = std::make_unique<DiscardGuard>(loop, std::move(self->child_.supervisor), *ram);
  }
  self->read_channel(loop, self->console_, std::move(console->host),
                     [raw](std::string_view bytes) { raw->callbacks_.console(bytes); });
  self->read_channel(loop, self->control_, std::move(qmp->host),
                     [raw](std::string_view bytes) { raw->on_qmp(bytes); });
  self->read_channel(loop, self->stderr_, std::move(complaints->host),
                     [raw](std::string_view bytes) { raw->on_stderr(bytes); });
  self->watch_ = std::make_unique<loop::ChildWatch>(
      loop, UniqueFd(::fcntl(raw->child_.pidfd.get(), F_DUPFD_CLOEXEC, 0)), [raw](const auto& end) {
        raw->end_ = end.text();
        raw->check_gone();
      });
  return self;
}

void QemuProcess::execute(std::string_view command, const Json& arguments, QmpSession::Done done,
                          std::vector<UniqueFd> fds) {
  qmp_.execute(command, arguments, std::move(done));
  if (qmp_.has_output()) control_.stream->write(qmp_.take_output(), std::move(fds));
}

UniqueFd QemuProcess::take_agent() {
  agent_open_ = true;
  return std::move(agent_);
}

void QemuProcess::agent_ended() {
  agent_open_ = false;
  check_gone();
}

// By the pidfd, which names this child even after its number has passed to another process. By
// syscall(), because glibc 2.36 declares the function for C only.
void QemuProcess::kill() {
  if (!end_) ::syscall(SYS_pidfd_send_signal, child_.pidfd.get(), SIGKILL, nullptr, 0);
}

void QemuProcess::read_channel(loop::Loop& loop, Channel& channel, UniqueFd fd,
                               std::function<void(std::string_view)> on_bytes) {
  channel.stream = std::make_unique<loop::FdStream>(loop, std::move(fd));
  channel.stream->set_callbacks({
      [on_bytes = std::move(on_bytes)](std::string_view bytes, std::vector<UniqueFd>&) {
        on_bytes(bytes);
      },
      [this, &channel](const Status&) {
        channel.ended = true;
        check_gone();
      },
      {},
  });
  channel.stream->resume();
}

void QemuProcess::on_qmp(std::string_view bytes) {
  const bool greeted_before = qmp_.greeted();
  if (!qmp_.feed(bytes)) return kill();
  control_.stream->write(qmp_.take_output());
  if (!greeted_before && qmp_.greeted() && callbacks_.greeted) callbacks_.greeted();
}

void QemuProcess::on_stderr(std::string_view bytes) {
  for (const char c : bytes) {
    if (c == '\n') {
      if (complaint_.empty()) continue;
      last_complaint_ = std::exchange(complaint_, {});
      if (may_complain()) callbacks_.complaint(last_complaint_);
    } else if (complaint_.size() < kLongestComplaint) {
      complaint_ += c >= ' ' && c < 0x7f ? c : '?';
    }
  }
}

bool QemuProcess::may_complain() {
  const int64_t earned = (ticks_us() - began_us_) / kComplaintEveryUs;
  if (complaints_ >= kMostComplaints + earned) return false;
  return ++complaints_ > 0;
}

void QemuProcess::check_gone() {
  if (end_ && console_.ended && control_.ended && stderr_.ended && !agent_open_) {
    gone_timer_.start(0);
  }
}

}  // namespace bulkhead::qemu
