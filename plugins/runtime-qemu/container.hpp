// The container of this host: its VM, its processes, its log, and what the runtime methods do with
// them.
//
//     empty -create-> creating -> created -start-> starting -> running -> exited
//       \ -park-> parking -> parked -create-> creating
//
// A parked machine is one without a container yet (parking.hpp).
//
// Every method's duty to answer is a Reply, kept until there is an answer. What happened without
// being asked for is emitted in this order, each at most once: container.exited, then vm.stopped
// when QEMU is reaped; exec.exited once per exec that had started. A start that fails emits no
// container.exited.
//
// Nothing is left running after a failure, and the answer that tells of it is given when that is
// so.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "boot_log.hpp"
#include "bulkhead/plugin.hpp"
#include "container_log.hpp"
#include "folder_watch.hpp"
#include "guest_process.hpp"
#include "parking.hpp"
#include "requests.hpp"
#include "socket_relay.hpp"
#include "vm.hpp"

namespace bulkhead::qemu {

class Container {
 public:
  Container(loop::Loop& loop, Config config, plugin::Host host, ContainerLog log, BootLog boot_log);

  void create(CreateRequest request, int64_t ordered_ticks_us, plugin::Reply reply);
  void park(ParkRequest request, int64_t ordered_ticks_us, plugin::Reply reply);
  void start(ProcessRequest request, UniqueFd client, plugin::Reply reply);
  void exec(ProcessRequest request, UniqueFd client, plugin::Reply reply);
  void signal(const SignalRequest& request, plugin::Reply reply);
  void stop(const StopRequest& request, plugin::Reply reply);
  void stats(plugin::Reply reply);
  void inspect(plugin::Reply reply);
  // Duplicates of the switches' ends of its networks; none once the VM is gone.
  void links(plugin::Reply reply);
  void remove(plugin::Reply reply);
  // Nobody waits for this operation any longer.
  void cancel(bh_op op);
  // The end of the host: kills what runs, lets clients take what they were promised for a moment,
  // then calls `done`.
  void close(std::function<void()> done);

 private:
  enum class State { kEmpty, kParking, kParked, kCreating, kCreated, kStarting, kRunning, kExited };

  std::unique_ptr<Vm> make_vm();
  Status take_over(CreateRequest& request);
  void on_parked(const Status& how);
  bool make_way(CreateRequest& request, plugin::Reply& reply);
  void let_go();
  void watch_folders();
  void on_vm_ready(const Status& how);
  void on_vm_gone(const Vm::End& end);
  Json created() const;

  void launch(ProcessRequest request, UniqueFd client, plugin::Reply reply);
  void on_started(const std::string& id, const Result<int64_t>& pid);
  void on_exited(const std::string& id, const ProcessExit& exit);
  void on_ended(const std::string& id);
  void on_output(LogStream stream, std::string_view bytes);

  void keep_boot_messages();
  void end_vm(Milliseconds deadline);
  void kill_all();
  void escalate();
  void answer_waiting();
  void check_closed();
  bool has_container() const { return state_ > State::kParked; }
  Failure not_running() const;
  const char* state_name() const;

  loop::Loop& loop_;
  Config config_;
  plugin::Host host_;
  ContainerLog log_;
  BootLog boot_log_;
  TscRate tsc_rate_;  // from now until the VM is ordered
  State state_ = State::kEmpty;
  std::unique_ptr<Vm> vm_;                               // null before create and after its end
  std::unique_ptr<SocketRelay> sockets_;                 // null if the machine has none
  std::vector<std::pair<std::string, UniqueFd>> links_;  // network and the switch's own end
  std::vector<FolderWatch::Place> watched_;              // folders whose changes the guest hears of
  std::vector<std::unique_ptr<FolderWatch>> watches_;    // while the VM is ready
  std::map<std::string, std::unique_ptr<GuestProcess>> processes_;
  std::optional<ProcessExit> exit_;
  std::unique_ptr<Parking> parking_;  // until there is a container

  std::optional<bh_op> create_op_;
  std::vector<plugin::Reply> creates_;             // waiting for the VM
  std::map<std::string, plugin::Reply> launches_;  // by process id: waiting for its pid
  std::optional<std::pair<plugin::Reply, Error>> failed_start_;  // waiting for the VM's end
  std::vector<plugin::Reply> stops_, removals_;                  // waiting for the VM's end
  std::function<void()> closed_;

  bool disposable_ = false;  // its machine needn't be shut down
  bool boot_messages_kept_ = false;
  bool killing_ = false;             // stop's SIGKILL has been sent
  loop::Timer stop_timer_;           // when it grows impatient
  loop::Timer flush_timer_;          // a prompt without newline reaches the log
  loop::Timer boot_messages_timer_;  // a while after the start
  loop::Timer farewell_timer_;       // close() waits no longer
};

}  // namespace bulkhead::qemu
