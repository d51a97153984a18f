#include "vm.hpp"

#include <fcntl.h>
#include <sys/random.h>
#include <sys/resource.h>

#include <algorithm>
#include <array>

#include "disk_exchange.hpp"
#include "guest_requests.hpp"
#include "host_clock.hpp"
#include "qemu_arguments.hpp"
#include "template_layout.hpp"

namespace bulkhead::qemu {
namespace {

// With KVM a guest that hasn't spoken after this will not; emulation may share its processor with
// many.
constexpr Milliseconds kKvmDeadline{10'000};
constexpr Milliseconds kTcgDeadline{60'000};
// A clone speaks within a tenth of a boot's time; but there may be a hundred at once.
constexpr Milliseconds kCloneDeadline{60'000};
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
                      if (!booted()) return fail_boot({Code::kUnavailable, folder_end_, {}});
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
  choose_clone(tsc_khz);
  if (request_.must_clone && !cloning_) {
    state_ = State::kGone;
    return report(fail(*not_cloned_));
  }
  if (auto served = serve_folders(); !served) {
    state_ = State::kGone;
    return report(fail(std::move(served.error()).context("boot the VM of " + name_)));
  }
  auto qemu = spawn_qemu(tsc_khz);
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
  if (cloning_) {
    allowed_ = std::min(allowed_, kCloneDeadline);
    resume_clone();
  }
  deadline_.start(static_cast<uint64_t>(allowed_.count()));
}

// A template that can't be used is no reason not to boot.
void Vm::choose_clone(uint64_t tsc_khz) {
  cloning_ = false;
  if (!request_.machine.from || not_cloned_) return;
  auto clonable = check_clonable(request_.machine, tsc_khz, binary_);
  cloning_ = clonable.has_value();
  if (!clonable) not_cloned_ = std::move(clonable.error());
}

Status Vm::serve_folders() {
  if (auto served = servers_.serve(request_.machine); !served) return served;
  if (machines_are_cloned(request_.machine)) return {};
  for (const Share& share : request_.machine.shares) {
    if (!share.why_9p.empty())
      callbacks_.remark("9p serves " + share.path + " to " + name_ + ": " + share.why_9p);
  }
  return {};
}

// Cards that the container doesn't use hang on cables without another end. The state is read from a
// descriptor with a position of its own: every clone reads it from the beginning.
Result<std::unique_ptr<QemuProcess>> Vm::spawn_qemu(uint64_t tsc_khz) {
  QemuProcess::Inherited inherited = cards(request_.vm_ends, 0);
  std::vector<UniqueFd> own;
  if (cloning_) {
    auto loose = loose_cables(kTemplateCards - request_.vm_ends.size());
    if (!loose) return fail(std::move(loose.error()));
    own = std::move(*loose);
    for (const auto& card : cards(own, request_.vm_ends.size())) inherited.push_back(card);
    auto state = reopen(request_.state, O_RDONLY);
    if (!state) return fail(std::move(state.error()));
    own.push_back(std::move(*state));
    inherited.emplace_back(kRamFd, request_.ram.get());
    inherited.emplace_back(kStateFd, own.back().get());
  } else {
    int next = kFirstNetworkFd + static_cast<int>(request_.vm_ends.size());
    for (const int connection : servers_.connections()) inherited.emplace_back(next++, connection);
  }
  return QemuProcess::spawn(
      loop_, binary_,
      cloning_ ? clone_arguments(request_.machine, tsc_khz)
               : qemu_arguments(request_.machine, tsc_khz),
      inherited,
      {[this](std::string_view bytes) { console_.write(bytes); },
       [this](std::string_view line) {
         callbacks_.remark("QEMU of " + name_ + ": " + std::string(line));
       },
       [this] { on_greeted(); }, [this](const std::string& how) { on_gone(how); }},
      cloning_ ? &request_.ram : nullptr);
}

// The guest's first word tells that all went well; a refusal needn't wait for the deadline.
void Vm::resume_clone() {
  auto answered = [this](const Result<Json>& answer) {
    if (!answer) fail_boot(answer.error());
  };
  const Json memory_is_there = {{"capability", "x-ignore-shared"}, {"state", true}};
  qemu_->execute("migrate-set-capabilities", {{"capabilities", Json::array({memory_is_there})}},
                 answered);
  // The cards have the template's addresses yet, which nobody is to hear of.
  qemu_->execute("migrate-set-parameters", {{"announce-rounds", 0}}, answered);
  qemu_->execute("migrate-incoming", {{"uri", "fd:" + std::to_string(kStateFd)}}, answered);
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
  configure();
}

void Vm::configure() {
  state_ = State::kConfiguring;
  const Json body = container_body(request_, now_us(), fresh_entropy(), cloning_);
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

void Vm::park(std::function<void(const Status&)> parked) {
  state_ = State::kParking;
  const Json nothing = Json::object();
  guest_->request("/v1/reset", &nothing, allowed_, [this, parked](const Result<Json>& answer) {
    if (state_ != State::kParking) return;
    if (!answer) return parked(fail(answer.error()));
    // What it has rehearsed with is nobody's any more.
    exchange_disks(
        *qemu_,
        {{{"image", true, false}, nothing_below()}, {{"writable", false, false}, nothing_below()}},
        0, [this, parked](const Status& exchanged) {
          if (state_ != State::kParking) return;
          if (exchanged) state_ = State::kParked;
          parked(exchanged);
        });
  });
}

void Vm::adopt(CreateRequest request, int64_t ordered_ticks_us) {
  request_ = std::move(request);
  request_.must_clone = true;
  name_ = request_.container;
  ordered_us_ = ordered_ticks_us;
  timing_ = {};
  state_ = State::kAdopting;
  deadline_.start(static_cast<uint64_t>(allowed_.count()));
  const Machine& machine = request_.machine;
  std::vector<DiskChange> changes = {
      {{"image", true, false}, file_below(machine.image_disk, false)}};
  if (!machine.writable_disk.empty())
    changes.push_back({{"writable", false, false}, file_below(machine.writable_disk, true)});
  for (size_t k = 0; k < machine.disks.size(); ++k) {
    changes.push_back(
        {{"disk" + std::to_string(k), false, true}, file_below(machine.disks[k].path, true)});
  }
  exchange_disks(*qemu_, changes, 1, [this](const Status& exchanged) {
    if (state_ != State::kAdopting) return;
    if (!exchanged) return fail_boot(exchanged.error());
    timing_.agent_us = elapsed();
    configure();
  });
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
  if (try_to_boot_instead() || try_emulation()) return;
  state_ = State::kGone;
  report(fail(*boot_error_));
}

bool Vm::try_to_boot_instead() {
  if (!cloning_ || called_off_ || request_.must_clone) return false;
  not_cloned_ = boot_error_;
  callbacks_.remark(boot_error_->message + "; booting " + name_ + " instead of cloning it");
  spawn();
  return true;
}

bool Vm::try_emulation() {
  if (accelerator() != Accelerator::kKvm || called_off_ || request_.must_clone) return false;
  callbacks_.remark(boot_error_->message + "; trying again without KVM");
  request_.machine.accelerator = Accelerator::kTcg;
  request_.boot_deadline = Milliseconds(0);  // what was given was for KVM
  spawn();
  return true;
}

// From here on the VM's ends of its networks are QEMU's alone: their switches see it go.
void Vm::report(const Status& status) {
  request_.vm_ends.clear();
  request_.ram.reset();
  request_.state.reset();
  const auto ready = callbacks_.ready;
  ready(status);
}

}  // namespace bulkhead::qemu
