// Does /dev/kvm boot our kernel? Asked by booting it, since nothing less tells: the device may
// open, create a machine and still never run a guest's first instruction, or run it for ever.
//
// The verdict comes within the deadline whatever QEMU does, with a reason that a user can act on.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "boot_log.hpp"
#include "qemu_process.hpp"
#include "requests.hpp"

namespace bulkhead::qemu {

class Probe {
 public:
  // `done` is called once, from the loop's own turn; it may destroy the probe.
  Probe(loop::Loop& loop, std::string binary, std::function<void(const Json& result)> done);
  ~Probe();

  void run(const ProbeRequest& request);

 private:
  void on_console(std::string_view bytes);
  void on_gone(const std::string& how);
  void finish(bool usable, std::string reason);

  loop::Loop& loop_;
  std::string binary_;
  std::function<void(const Json&)> done_;
  BootLog console_;
  int64_t began_us_ = 0;
  bool timed_out_ = false;
  std::optional<Json> verdict_;
  loop::Timer deadline_;
  loop::Timer verdict_timer_;
  std::unique_ptr<QemuProcess> qemu_;
};

}  // namespace bulkhead::qemu
