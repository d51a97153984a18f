// Does /dev/kvm boot a guest here? It may exist and still not: so it is asked once, by booting the
// real kernel with a deadline in a short-lived host, and the verdict is an event that holds for
// this boot of the machine and this QEMU. A host that can't tells us at worst after the deadline,
// and every run then uses emulation.
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
  Accelerator(store::Ledger& ledger, Probe probe);

  // "kvm" or "tcg", when it is known; starts the probe if need be.
  void verdict(std::function<void(const std::string&)> then);
  // For `system status`.
  Json describe() const;

 private:
  const model::Accelerator* known() const;
  void probed(const Result<Json>& result);

  store::Ledger& ledger_;
  Probe probe_;
  std::string boot_id_;
  bool probing_ = false;
  std::vector<std::function<void(const std::string&)>> waiting_;
};

// What identifies the QEMU program without running it: path, size and modification time.
std::string qemu_identity();
std::string host_boot_id();

}  // namespace bulkhead::engine
