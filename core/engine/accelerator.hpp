// Does /dev/kvm boot a guest here? It may exist and still not: so it is asked once, by booting the
// real kernel with a deadline in a short-lived host, and the verdict is an event. It holds for what
// it was about: this boot of the machine, this QEMU, this kernel and init, and the device as it is
// (a user who joins its group, or loads its module, is believed at the next run). A verdict that is
// only a deadline's, which a busy machine may have missed, holds for this daemon's life. A host
// that can't tells us at worst after the deadline, and every run then uses emulation.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "operations.hpp"

namespace bulkhead::engine {

class Accelerator {
 public:
  // Runs runtime.probe somewhere and answers its result.
  using Probe = std::function<void(Answer)>;
  // What it would boot, so that another kernel gets a verdict of its own.
  using Subject = std::function<std::string()>;
  Accelerator(store::Ledger& ledger, Probe probe, Subject subject);

  // "kvm" or "tcg", when it is known; starts the probe if need be.
  void verdict(std::function<void(const std::string&)> then);
  // A machine that was to run with KVM didn't boot, and did with emulation: the next ones needn't
  // find out for themselves.
  void disprove(const std::string& reason);
  // The verdict, if there is one that still holds.
  const model::Accelerator* known() const;
  // For `system status`.
  Json describe() const;

 private:
  void probed(const Result<Json>& result);
  std::string about() const;            // what a verdict of now holds for
  std::string about_this_life() const;  // the same, for this daemon's life only

  store::Ledger& ledger_;
  Probe probe_;
  Subject subject_;
  std::string boot_id_;
  bool probing_ = false;
  std::vector<std::function<void(const std::string&)>> waiting_;
};

// What identifies a file without reading it: path, size and modification time; "" if it isn't
// there.
std::string file_identity(const std::string& path);
std::string qemu_identity();
// Whether /dev/kvm is there, who may use it, and whether this process may.
std::string kvm_identity();
std::string host_boot_id();

}  // namespace bulkhead::engine
