#include "probe.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "host_clock.hpp"
#include "qemu_arguments.hpp"

namespace bulkhead::qemu {
namespace {

constexpr uint64_t kReapMs = 1000;
constexpr std::string_view kReady = "bulkhead: guest ready";

// Why the device can't even be opened; empty if it can.
std::string unopenable() {
  if (::access("/dev/kvm", F_OK) != 0) return "/dev/kvm does not exist";
  const UniqueFd kvm(::open("/dev/kvm", O_RDWR | O_CLOEXEC));
  if (kvm) return {};
  std::string reason = std::string("/dev/kvm can't be opened: ") + std::strerror(errno);
  if (errno == EACCES) reason += "; add yourself to its group (usually kvm)";
  return reason;
}

}  // namespace

Probe::Probe(loop::Loop& loop, std::string binary, std::function<void(const Json&)> done)
    : loop_(loop),
      binary_(std::move(binary)),
      done_(std::move(done)),
      deadline_(loop,
                [this] {
                  timed_out_ = true;
                  finish(false, "/dev/kvm opens but boots no guest: no sign of life after " +
                                    std::to_string((ticks_us() - began_us_) / 1000) + " ms" +
                                    (console_.last_line().empty()
                                         ? ""
                                         : " but \"" + console_.last_line() + "\""));
                }),
      verdict_timer_(loop, [this] {
        const auto tell = std::exchange(done_, nullptr);
        const Json verdict = *verdict_;
        tell(verdict);
      }) {
  console_.await(std::string(kReady));
}

Probe::~Probe() {
  if (qemu_) qemu_->kill();
}

void Probe::run(const ProbeRequest& request) {
  began_us_ = ticks_us();
  if (std::string reason = unopenable(); !reason.empty()) return finish(false, std::move(reason));
  auto qemu =
      QemuProcess::spawn(loop_, binary_, probe_arguments(request.kernel, request.initramfs), {},
                         {[this](std::string_view bytes) { on_console(bytes); },
                          [](std::string_view) {},
                          {},
                          [this](const std::string& how) { on_gone(how); }});
  if (!qemu) return finish(false, qemu.error().message);
  qemu_ = std::move(*qemu);
  deadline_.start(static_cast<uint64_t>(request.deadline.count()));
}

void Probe::on_console(std::string_view bytes) {
  console_.write(bytes);
  if (console_.seen()) finish(true, "booted");
}

void Probe::on_gone(const std::string& how) {
  std::string reason = "/dev/kvm opens but boots no guest: QEMU " + how;
  if (!qemu_->last_complaint().empty()) reason += ": " + qemu_->last_complaint();
  finish(false, std::move(reason));  // unless there is a verdict already
  verdict_timer_.start(0);
}

void Probe::finish(bool usable, std::string reason) {
  if (verdict_) return;
  deadline_.stop();
  if (qemu_) qemu_->kill();
  // Told when QEMU is reaped, or without waiting any longer for one that the kernel doesn't let go.
  verdict_timer_.start(qemu_ ? kReapMs : 0);
  verdict_ = {{"usable", usable},
              {"reason", std::move(reason)},
              {"timedOut", timed_out_},
              {"elapsedMs", (ticks_us() - began_us_) / 1000},
              {"qemuVersion", qemu_ ? qemu_->version() : ""}};
}

}  // namespace bulkhead::qemu
