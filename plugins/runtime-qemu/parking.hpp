// A clone that is made ready for a container which isn't known yet, and what the caller of
// `runtime.park` is told of it.
//
//     its VM is ready -rehearse-> a command of the guest's init -> undone -> parked() or failed()
//
// A rehearsal tries the guest's ways out, so that whoever gets the machine finds them warm. The
// machine has cables for as many networks as a template has cards; their other ends are kept here
// until somebody takes them, and the caller gets duplicates.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "bulkhead/plugin.hpp"
#include "guest_process.hpp"
#include "requests.hpp"
#include "vm.hpp"

namespace bulkhead::qemu {

class Parking {
 public:
  Parking(loop::Loop& loop, plugin::Host host, std::vector<UniqueFd> switch_ends,
          ProcessRequest command, plugin::Reply reply);

  // Of a VM that is ready. `done` is called once, with nothing or with why it can't be parked; not
  // if the VM ends meanwhile.
  void rehearse(Vm& vm, std::function<void(const Status&)> done);
  void break_off() { rehearsal_.reset(); }  // the VM is gone
  // Each answers the caller, if that hasn't been done.
  void parked(const Vm& vm);
  void failed(const Error& why);
  // The switches' ends of the first cables; the others are cut.
  std::vector<UniqueFd> take_ends(size_t count);

 private:
  void on_rehearsed();

  loop::Loop& loop_;
  plugin::Host host_;
  std::vector<UniqueFd> switch_ends_;
  ProcessRequest command_;
  std::optional<plugin::Reply> reply_;
  Vm* vm_ = nullptr;  // while it is rehearsed with
  std::function<void(const Status&)> done_;
  std::unique_ptr<GuestProcess> rehearsal_;
};

}  // namespace bulkhead::qemu
