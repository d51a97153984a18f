#include "vm.hpp"

#include <sys/random.h>
#include <sys/resource.h>

#include <array>

#include "guest_requests.hpp"
#include "host_clock.hpp"
#include "qemu_arguments.hpp"

namespace bulkhead::qemu {
namespace {

// With KVM a guest that hasn't spoken after this will not; emulation may share its processor with
// many.
constexpr Milliseconds kKvmDeadline{10'000};
constexpr Milliseconds kTcgDeadline{60'000};
// A machine whose channel has closed during its boot is ending by itself, and how it ends is what
// there is to be told.
constexpr Milliseconds kLastWords{1'000};
constexpr uint64_t kFolderGraceMs = 500;

std::string fresh_entropy() {
  std::array<uint8_t, 64> bytes{};
  (void)!::getrandom(bytes.data(), bytes.size(), 0);
  return base64(bytes);
}

// Of all children this process has waited for; a plugin's host has only this one.
uint64_t peak_rss_of_children() {
  rusage usage{};
  ::getrusage(RUSAGE_CHILDREN, &usage);
  return static_cast<uint64_t>(usage.ru_maxrss) * 1024;
}

Error no_memory(uint64_t bytes) {
  return {Code::kNoSpace,
          "the host can't give a virtual machine " + std::to_string(bytes >> 20) + " MiB of memory",
          "ask for less with --memory"};
}

// The last line of QEMU's complaint about a disk that another QEMU has locked.
constexpr std::string_view kLockedBegin = "Is another process using the image [";
constexpr std::string_view kLockedEnd = "]?";

Error disk_in_use(const std::string& complaint) {
  const size_t size = complaint.size() - kLockedBegin.size() - kLockedEnd.size();
  return {Code::kConflict,
          "the disk " + complaint.substr(kLockedBegin.size(), size) +
              " is in use by another virtual machine, and only readers can share one",
          "stop the other container, or mount the volume read-only in both"};
}

std::string seconds(Milliseconds time) {
  const auto ms = time.count();
  return ms % 1000 == 0 ? std::to_string(ms / 1000) + " s" : std::to_string(ms) + " ms";
}

}  // namespace

Vm::Vm(loop::Loop& loop, const Config& config, const TscRate& tsc_rate, BootLog& console,
       Callbacks callbacks)
    : loop_(loop),
      name_(config.container),
      binary_(qemu_binary(config.qemu)),
      tsc_rate_(tsc_rate),
      console_(console),
      callbacks_(std::move(callbacks)),
      deadline_(loop,
                [this] {
                  if (state_ == State::kStopping) return kill();
                  if (boot_error_) {
                    put_down_ = true;
                    return qemu_->kill();
                  }
                  fail_boot(did_not_boot());
                }),
      folder_timer_(loop,
                    [this] {
                      if (!qemu_) return;
                      callbacks_.remark("the machine of " + name_ + " is ended: " + folder_end_);
                      kill();
                    }),
      servers_(loop, config, [this](const std::string& how) { on_folder_lost(how); }) {}

Vm::~Vm() {
  if (qemu_) qemu_->kill();
}

int64_t Vm::elapsed() const {
  return ticks_us() - ordered_us_;
}

void Vm::boot(CreateRequest request, int64_t ordered_ticks_us) {
  request_ = std::move(request);
  ordered_us_ = ordered_ticks_us;
  spawn();
}

void Vm::spawn() {
  state_ = State::kSpawning;
  boot_error_.reset();
  put_down_ = false;
  const uint64_t tsc_khz = tsc_rate_.khz();
  if (auto room = check_room(request_.machine, tsc_khz); !room) {
    state_ = State::kGone;
    return report(fail(std::move(room.error()).context("boot the VM of " + name_)));
  }
  if (auto served = servers_.serve(request_.machine); !served) {
    state_ = State::kGone;
    return report(fail(std::move(served.error()).context("boot the VM of " + name_)));
  }
  for (const Share& share : request_.machine.shares) {
    if (!share.why_9p.empty())
      callbacks_.remark("9p serves " + share.path + " to " + name_ + ": " + share.why_9p);
  }
  auto qemu = QemuProcess::spawn(
      loop_, binary_, qemu_arguments(request_.machine, tsc_khz), devices(),
      {[this](std::string_view bytes) { console_.write(bytes); },
       [this](std::string_view line) {
         callbacks_.remark("QEMU of " + name_ + ": " + std::string(line));
       },
       [this] { on_greeted(); }, [this](const std::string& how) { on_gone(how); }});
  if (!qemu) {
    boot_error_ = std::move(qemu.error()).context("boot the VM of " + name_);
    boot_error_->hint = "install QEMU (package qemu-system-x86) or make it readable in PATH";
    state_ = State::kGone;
    servers_.end();
    return report(fail(*boot_error_));
  }
  servers_.let_go();
  timing_.spawned_us = elapsed();
  qemu_ = std::move(*qemu);
  guest_ = std::make_unique<GuestChannel>(
      loop_, qemu_->take_agent(),
      GuestChannel::Callbacks{[this] { on_first_word(); },
                              [this](const Error& why) { on_channel_lost(why); }});
  const bool kvm = accelerator() == Accelerator::kKvm;
  allowed_ = request_.boot_deadline.count() > 0 ? request_.boot_deadline
                                                : (kvm ? kKvmDeadline : kTcgDeadline);
  deadline_.start(static_cast<uint64_t>(allowed_.count()));
}

void Vm::on_greeted() {
  timing_.qmp_us = elapsed();
  if (state_ == State::kSpawning) state_ = State::kBooting;
}

// The guest's first word is its half of the HTTP/2 preface; ours has waited for it since the spawn.
// The order to configure waits for it, because it carries the host's clock: sent at the spawn it
// would be late by the whole boot.
void Vm::on_first_word() {
  if (state_ != State::kSpawning && state_ != State::kBooting) return;
  timing_.agent_us = elapsed();
  state_ = State::kConfiguring;
  const Json body = container_body(request_, now_us(), fresh_entropy());
  guest_->request("/v1/container", &body, allowed_,
                  [this](const Result<Json>& answer) { on_configured(answer); });
}

void Vm::on_configured(const Result<Json>& answer) {
  if (state_ != State::kConfiguring) return;
  if (!answer) {
    Error why = answer.error();
    return fail_boot(std::move(why).context("configure the VM of " + name_));
  }
  guest_version_ = string_or(*answer, "version", "").substr(0, 64);
  timing_.ready_us = elapsed();
  deadline_.stop();
  state_ = State::kReady;
  report({});
}

void Vm::shut_down(Milliseconds deadline) {
  if (state_ == State::kIdle || state_ == State::kStopping || state_ == State::kGone) return;
  if (state_ != State::kReady) return kill();
  state_ = State::kStopping;
  deadline_.start(static_cast<uint64_t>(deadline.count()));
  const Json nothing = Json::object();
  asked_to_power_off_ = true;
  guest_->request("/v1/shutdown", &nothing, deadline, [this](const Result<Json>& answer) {
    powered_off_ = answer.has_value();
    if (!answer && qemu_) qemu_->kill();  // it can't be asked, so it won't do it
  });
}

void Vm::kill() {
  if (state_ == State::kIdle || state_ == State::kGone) return;
  if (!booted()) {
    called_off_ = true;
    return fail_boot({Code::kUnavailable, "the boot of " + name_ + " was called off", {}});
  }
  state_ = State::kStopping;
  deadline_.stop();
  powered_off_ = false;
  qemu_->kill();
}

void Vm::fail_boot(Error why) {
  if (boot_error_) return;
  boot_error_ = std::move(why);
  deadline_.stop();
  if (boot_error_->code == Code::kUnavailable && !called_off_) {
    deadline_.start(static_cast<uint64_t>(kLastWords.count()));
  } else {
    qemu_->kill();
  }
}

Error Vm::did_not_boot() const {
  Error error{
      Code::kTimeout, "the VM of " + name_ + " did not boot within " + seconds(allowed_), {}};
  if (!console_.last_line().empty()) error.message += "; its console says: " + console_.last_line();
  error.hint = "see `container logs --boot " + name_ + "`";
  return error;
}

// QEMU closes its end when it exits; a guest that breaks the protocol is given up. Either way
// QEMU's end comes next.
void Vm::on_channel_lost(const Error& why) {
  if (why.code == Code::kCorrupt)
    callbacks_.remark("the guest of " + name_ + " is given up: " + why.message);
  // What was asked to power off may take its time to do so; anything else has no business without
  // its channel.
  if (!booted()) {
    fail_boot(Error(why).context("boot the VM of " + name_));
  } else if (!asked_to_power_off_) {
    qemu_->kill();
  }
  qemu_->agent_ended();
}

// Whoever serves a folder sees QEMU's end before this process does: only if the machine is still
// there after a while was the other one's end the first.
void Vm::on_folder_lost(const std::string& how) {
  if (!qemu_ || folder_timer_.active()) return;
  folder_end_ = how;
  folder_timer_.start(kFolderGraceMs);
}

std::vector<int> Vm::devices() const {
  std::vector<int> fds;
  for (const UniqueFd& end : request_.vm_ends) fds.push_back(end.get());
  for (const int connection : servers_.connections()) fds.push_back(connection);
  return fds;
}

Json Vm::shares() const {
  Json list = Json::array();
  for (const Share& share : request_.machine.shares) {
    Json one = {{"tag", share.tag}, {"transport", transport_of(share)}};
    if (!share.why_9p.empty()) one["reason"] = share.why_9p;
    one["destinations"] = destinations_of(share.tag, request_.guest);
    list.push_back(std::move(one));
  }
  return list;
}

void Vm::on_gone(const std::string& how) {
  const std::string complaint = qemu_->last_complaint();
  deadline_.stop();
  folder_timer_.stop();
  guest_.reset();
  qemu_.reset();
  servers_.end();
  if (booted()) {
    state_ = State::kGone;
    const auto gone = callbacks_.gone;
    return gone({powered_off_, how, peak_rss_of_children()});
  }
  const std::string& last = complaint.empty() ? console_.last_line() : complaint;
  if (!boot_error_ || (boot_error_->code == Code::kUnavailable && !called_off_)) {
    // How QEMU ended tells more than the connection that closed with it, unless we ended it.
    if (!boot_error_ || !put_down_)
      boot_error_ =
          Error{Code::kUnavailable, "the VM of " + name_ + " did not boot: QEMU " + how, {}};
    boot_error_->hint = "see `container logs --boot " + name_ + "`";
    if (!last.empty()) boot_error_->message += ": " + last;
    if (complaint.find("set up guest memory") != complaint.npos)
      boot_error_ = no_memory(request_.machine.memory_bytes);
    if (complaint.starts_with(kLockedBegin) && complaint.ends_with(kLockedEnd))
      boot_error_ = disk_in_use(complaint);
  }
  if (try_emulation()) return;
  state_ = State::kGone;
  report(fail(*boot_error_));
}

bool Vm::try_emulation() {
  if (accelerator() != Accelerator::kKvm || called_off_) return false;
  callbacks_.remark(boot_error_->message + "; trying again without KVM");
  request_.machine.accelerator = Accelerator::kTcg;
  request_.boot_deadline = Milliseconds(0);  // what was given was for KVM
  spawn();
  return true;
}

// From here on the VM's ends of its networks are QEMU's alone: their switches see it go.
void Vm::report(const Status& status) {
  request_.vm_ends.clear();
  const auto ready = callbacks_.ready;
  ready(status);
}

}  // namespace bulkhead::qemu
