// Makes a template: boots a machine up to its guest's first word, lets its guest give back what the
// boot has used, and saves memory and devices into the memory files that the daemon gave.
//
//     booting -> settling -> saving -> quitting -> told
//        guest speaks   a while   MIGRATION completed   QEMU is reaped
//
// The memory file is the machine's memory (share=on), so saving it is stopping the machine; the
// state of the devices is a migration that leaves memory out (x-ignore-shared). The machine is not
// stopped before: a clone of a stopped machine would be stopped. Whoever has the files seals them.
#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "boot_log.hpp"
#include "guest_channel.hpp"
#include "qemu_process.hpp"
#include "requests.hpp"
#include "tsc_rate.hpp"

namespace bulkhead::qemu {

class TemplateBuild {
 public:
  // `done` is called once, from the loop's own turn, with {"recipe", "memoryBytes" (of the
  // container), "elapsedMs"}; it may destroy this object.
  TemplateBuild(loop::Loop& loop, std::string binary, std::function<void(Result<Json>)> done);
  ~TemplateBuild();

  void run(TemplateRequest request);

 private:
  void save();
  void on_event(std::string_view name, const Json& data);
  void on_gone(const std::string& how);
  void give_up(Error why);

  loop::Loop& loop_;
  std::string binary_;
  std::function<void(Result<Json>)> done_;
  TscRate tsc_rate_;
  BootLog console_;
  TemplateRequest request_;
  std::string recipe_;
  int64_t began_us_ = 0;
  bool saved_ = false;
  std::optional<Error> error_;
  loop::Timer deadline_;
  loop::Timer settled_;
  std::unique_ptr<QemuProcess> qemu_;
  std::unique_ptr<GuestChannel> guest_;
};

}  // namespace bulkhead::qemu
