// One virtual machine, from the order to boot it until its QEMU is reaped.
//
//     idle -> spawning -> booting -> configuring -> ready -> stopping -> gone
//               QMP greets  guest speaks  guest has mounted all
//
// ready() is called exactly once: with the timing, or with why there is no VM, and then nothing of
// it is left. gone() is called exactly once after a successful ready(). A clone of a template
// takes the same way, its guest speaking as soon as it is resumed. A clone that fails is booted
// instead, and a boot that fails under KVM is tried again under emulation, before anybody hears of
// it: neither a damaged template nor a /dev/kvm that exists and doesn't work may make a run fail.
//
// A clone that is ready can be parked, its container undone, and adopt another one later:
//
//     ready -> parking -> parked -> adopting -> configuring -> ready
//         guest has undone all   QEMU has the disks
//
// After adopt() ready() is called a second time. A parked machine that ends says so then.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "boot_log.hpp"
#include "guest_channel.hpp"
#include "qemu_process.hpp"
#include "requests.hpp"
#include "share_servers.hpp"
#include "tsc_rate.hpp"

namespace bulkhead::qemu {

// Microseconds since the order.
struct BootTiming {
  int64_t spawned_us = 0, qmp_us = 0, agent_us = 0, ready_us = 0;
};

class Vm {
 public:
  enum class State {
    kIdle,
    kSpawning,
    kBooting,
    kConfiguring,
    kReady,
    kParking,
    kParked,
    kAdopting,
    kStopping,
    kGone
  };

  struct End {
    bool clean = false;  // the guest powered off, as it was asked to
    std::string how;
    uint64_t peak_rss = 0;
  };
  struct Callbacks {
    std::function<void(const Status&)> ready;
    std::function<void(const End&)> gone;          // may destroy the VM
    std::function<void(std::string_view)> remark;  // a line for the service's log
  };

  // The container's id there is for messages.
  Vm(loop::Loop& loop, const Config& config, const TscRate& tsc_rate, BootLog& console,
     Callbacks callbacks);
  ~Vm();

  void boot(CreateRequest request, int64_t ordered_ticks_us);
  // `parked` is called once, with why it can't be or with nothing; not if the VM ends meanwhile.
  void park(std::function<void(const Status&)> parked);
  // Of a parked VM: the container that it is for, whose descriptors it has already.
  void adopt(CreateRequest request, int64_t ordered_ticks_us);
  // Asks the guest to power off; kills QEMU if it hasn't within the deadline. Harmless when
  // repeated.
  void shut_down(Milliseconds deadline);
  void kill();

  State state() const { return state_; }
  bool ready() const { return state_ == State::kReady; }
  GuestChannel& guest() { return *guest_; }  // from kReady until gone()
  pid_t pid() const { return qemu_ ? qemu_->pid() : 0; }
  Accelerator accelerator() const { return request_.machine.accelerator; }
  const std::string& guest_version() const { return guest_version_; }
  const BootTiming& timing() const { return timing_; }
  // {"tag", "transport", "reason"?, "destinations"} of each folder.
  Json shares() const;
  bool cloned() const { return cloning_; }
  // Why it isn't a clone though a template was given; none if it is, or none was given.
  const std::optional<Error>& not_cloned() const { return not_cloned_; }

 private:
  void spawn();
  void on_greeted();
  void on_first_word();
  void on_configured(const Result<Json>& answer);
  void on_channel_lost(const Error& why);
  void on_gone(const std::string& how);
  void on_folder_lost(const std::string& how);
  void fail_boot(Error why);
  void choose_clone(uint64_t tsc_khz);
  Status serve_folders();
  Result<std::unique_ptr<QemuProcess>> spawn_qemu(uint64_t tsc_khz);
  void resume_clone();
  void configure();
  bool try_to_boot_instead();
  bool try_emulation();
  void report(const Status& status);
  Error did_not_boot() const;
  int64_t elapsed() const;
  // Its end is told by gone(), and not by ready().
  bool booted() const {
    return state_ == State::kReady || state_ == State::kParking || state_ == State::kStopping;
  }

  loop::Loop& loop_;
  std::string name_;
  std::string binary_;
  const TscRate& tsc_rate_;
  BootLog& console_;
  Callbacks callbacks_;
  State state_ = State::kIdle;
  CreateRequest request_;
  int64_t ordered_us_ = 0;
  BootTiming timing_;
  std::string guest_version_;
  Milliseconds allowed_{0};
  std::optional<Error> boot_error_;
  bool called_off_ = false;  // kill() before the VM was ready
  bool cloning_ = false;     // this attempt is a clone, not a boot
  std::optional<Error> not_cloned_;
  bool put_down_ = false;  // a boot that had failed already, and QEMU that did not end
  bool asked_to_power_off_ = false;
  bool powered_off_ = false;
  loop::Timer deadline_;
  loop::Timer folder_timer_;
  std::string folder_end_;
  ShareServers servers_;
  std::unique_ptr<QemuProcess> qemu_;
  std::unique_ptr<GuestChannel> guest_;
};

}  // namespace bulkhead::qemu
