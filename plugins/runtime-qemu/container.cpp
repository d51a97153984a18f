#include "container.hpp"

#include <algorithm>
#include <csignal>
#include <utility>

#include "host_clock.hpp"
#include "template_layout.hpp"

namespace bulkhead::qemu {
namespace {

using plugin::Reply;

constexpr Milliseconds kPowerOffDeadline{10'000};
// After a start that failed nothing was written; the guest gets the time to say so and no more.
constexpr Milliseconds kFailedStartDeadline{2'000};
constexpr Milliseconds kProcessDeadline{60'000};
constexpr Milliseconds kStatsDeadline{10'000};
constexpr Milliseconds kTouchDeadline{10'000};
// Of all its folders together: each takes a kilobyte of the kernel's memory, and a user has few.
constexpr size_t kMostWatches = 8192;
// From SIGKILL to the container's process until QEMU itself is killed.
constexpr uint64_t kKillGraceMs = 5'000;
constexpr uint64_t kFlushMs = 100;
constexpr uint64_t kBootMessagesMs = 1'000;
// How long the host's end waits for attached clients to take what the container said last.
constexpr uint64_t kFarewellMs = 60'000;

constexpr const char* kStatistics[] = {"memoryUsageBytes", "memoryLimitBytes", "cpuUsageUsec",
                                       "blockReadBytes",   "blockWriteBytes",  "numProcesses",
                                       "networkRxBytes",   "networkTxBytes"};

Json exit_json(const ProcessExit& exit) {
  Json body = {{"exitCode", exit.exit_code},
               {"oomKilled", exit.oom_killed},
               {"at", exit.at_us},
               {"reason", exit.reason}};
  if (exit.signal) body["signal"] = exit.signal;
  return body;
}

// Numbers and nothing else: what a guest reports ends in tables and sums.
Json statistics(const Json& claimed) {
  Json out = Json::object();
  for (const char* key : kStatistics) out[key] = std::max<int64_t>(0, integer_or(claimed, key, 0));
  return out;
}

}  // namespace

Container::Container(loop::Loop& loop, Config config, plugin::Host host, ContainerLog log,
                     BootLog boot_log)
    : loop_(loop),
      config_(std::move(config)),
      host_(host),
      log_(std::move(log)),
      boot_log_(std::move(boot_log)),
      stop_timer_(loop, [this] { escalate(); }),
      flush_timer_(loop, [this] { log_.flush_unfinished(now_us()); }),
      boot_messages_timer_(loop, [this] { keep_boot_messages(); }),
      farewell_timer_(loop, [this] {
        processes_.clear();
        parking_.reset();
        sockets_.reset();
        watches_.clear();
        vm_.reset();
        check_closed();
      }) {}

const char* Container::state_name() const {
  switch (state_) {
    case State::kEmpty:
      return "without a VM";
    case State::kParking:
    case State::kParked:
      return "parked";
    case State::kCreating:
      return "creating";
    case State::kCreated:
    case State::kStarting:
      return "created";
    case State::kRunning:
      return "running";
    case State::kExited:
      return "exited";
  }
  return "";
}

Failure Container::not_running() const {
  return fail(Code::kConflict,
              "container " + config_.container + " is " + state_name() + ", not running");
}

// --- the VM ---

void Container::create(CreateRequest request, int64_t ordered_ticks_us, Reply reply) {
  if (create_op_ == reply.op() && state_ == State::kCreating) {
    creates_.push_back(std::move(reply));
    return;
  }
  if (create_op_ == reply.op() && vm_ && vm_->ready()) return reply.ok(created());
  if (state_ != (request.parked ? State::kParked : State::kEmpty)) {
    return reply.fail(
        {Code::kConflict,
         "container " + config_.container + " is " + state_name() + " already; a host boots one VM",
         {}});
  }
  if (request.parked) {
    if (auto taken = take_over(request); !taken) return reply.fail(taken.error());
  }
  if (!make_way(request, reply)) return;
  create_op_ = reply.op();
  creates_.push_back(std::move(reply));
  state_ = State::kCreating;
  if (request.parked) return vm_->adopt(std::move(request), ordered_ticks_us);
  vm_ = make_vm();
  vm_->boot(std::move(request), ordered_ticks_us);
}

std::unique_ptr<Vm> Container::make_vm() {
  return std::make_unique<Vm>(
      loop_, config_, tsc_rate_, boot_log_,
      Vm::Callbacks{[this](const Status& how) { on_vm_ready(how); },
                    [this](const Vm::End& end) { on_vm_gone(end); },
                    [this](std::string_view line) { host_.log(plugin::Level::kWarning, line); }});
}

// --- a parked machine ---

void Container::park(ParkRequest request, int64_t ordered_ticks_us, Reply reply) {
  if (state_ != State::kEmpty)
    return reply.fail({Code::kConflict, std::string("the machine is ") + state_name(), {}});
  auto made = cables(kTemplateCards);
  if (!made) return reply.fail(made.error());
  request.rehearsal.vm_ends = std::move(made->vm_ends);
  parking_ = std::make_unique<Parking>(loop_, host_, std::move(made->switch_ends),
                                       std::move(request.process), std::move(reply));
  state_ = State::kParking;
  vm_ = make_vm();
  vm_->boot(std::move(request.rehearsal), ordered_ticks_us);
}

// The machine is parked, or it is over with it.
void Container::on_parked(const Status& how) {
  if (how) {
    state_ = State::kParked;
    return parking_->parked(*vm_);
  }
  state_ = State::kExited;
  parking_->break_off();
  if (vm_ && vm_->state() != Vm::State::kGone) {
    vm_->kill();
  } else {
    vm_.reset();
  }
  parking_->failed(how.error());
  answer_waiting();
}

// The host is the container's from here on, if that could be what its machine becomes.
Status Container::take_over(CreateRequest& request) {
  if (auto fits = check_adoptable(request.machine); !fits) return fits;
  auto log = ContainerLog::open(request.log_dir + "/container.log", config_.log);
  if (!log) return fail(std::move(log.error()));
  auto boot_log = BootLog::open(request.log_dir + "/boot.log");
  if (!boot_log) return fail(std::move(boot_log.error()));
  log_ = std::move(*log);
  boot_log_ = std::move(*boot_log);
  config_.container = request.container;
  config_.log_dir = request.log_dir;
  request.switch_ends = parking_->take_ends(request.machine.networks.size());
  parking_.reset();
  return {};
}

// What the host must have before there is a VM. False: it hasn't, and that is answered.
bool Container::make_way(CreateRequest& request, Reply& reply) {
  disposable_ = request.disposable;
  const Machine& machine = request.machine;
  if (!machine.sockets.empty()) {
    auto sockets = std::make_unique<SocketRelay>(
        loop_, machine.sockets,
        [this](std::string_view line) { host_.log(plugin::Level::kWarning, line); });
    if (auto listening = sockets->listen(); !listening) {
      reply.fail(std::move(listening.error()).context("create " + config_.container));
      return false;
    }
    sockets_ = std::move(sockets);
  }
  for (size_t i = 0; i < machine.networks.size(); ++i) {
    links_.emplace_back(machine.networks[i].network, std::move(request.switch_ends[i]));
  }
  for (const Share& share : machine.shares) {
    if (share.notify) watched_.push_back({share.path, share.destination});
  }
  return true;
}

// The VM is gone: its sockets are removed, and its switches see their links go.
void Container::let_go() {
  if (sockets_) sockets_->end();
  watches_.clear();
  links_.clear();
  vm_.reset();
}

void Container::watch_folders() {
  for (const FolderWatch::Place& place : watched_) {
    watches_.push_back(std::make_unique<FolderWatch>(
        loop_, place, kMostWatches / watched_.size(),
        [this](const std::vector<std::string>& paths, const std::function<void()>& done) {
          const Json body = {{"paths", paths}};
          vm_->guest().request("/v1/touch", &body, kTouchDeadline,
                               [done](const Result<Json>&) { done(); });
        },
        [this](std::string_view line) { host_.log(plugin::Level::kWarning, line); }));
  }
}

Json Container::created() const {
  const BootTiming& timing = vm_->timing();
  Json body = {{"shares", vm_->shares()},
               {"pid", vm_->pid()},
               {"accelerator", name_of(vm_->accelerator())},
               {"guestVersion", vm_->guest_version()},
               {"cloned", vm_->cloned()},
               {"timing",
                {{"spawnedUs", timing.spawned_us},
                 {"qmpUs", timing.qmp_us},
                 {"agentUs", timing.agent_us},
                 {"readyUs", timing.ready_us}}}};
  if (const auto& why = vm_->not_cloned()) {
    body["notCloned"] = why->message;
    body["badTemplate"] = why->code != Code::kUnsupported;  // for every machine, not just this one
  }
  return body;
}

void Container::on_vm_ready(const Status& how) {
  if (state_ == State::kParking || state_ == State::kParked) {
    if (!how) return on_parked(how);
    return parking_->rehearse(*vm_, [this](const Status& done) { on_parked(done); });
  }
  auto waiting = std::exchange(creates_, {});
  if (how) {
    state_ = State::kCreated;
    if (sockets_) sockets_->serve(vm_->guest());
    watch_folders();
    for (Reply& reply : waiting) reply.ok(created());
    return;
  }
  state_ = State::kExited;
  let_go();
  for (Reply& reply : waiting) reply.fail(how.error());
  answer_waiting();
}

void Container::on_vm_gone(const Vm::End& end) {
  if (parking_) parking_->break_off();
  if (state_ == State::kParking) {
    vm_.reset();
    return on_parked(fail(Code::kUnavailable, "QEMU " + end.how));
  }
  state_ = State::kExited;
  stop_timer_.stop();
  let_go();
  Json stopped = {{"clean", end.clean}};
  if (end.peak_rss) stopped["peakRssBytes"] = end.peak_rss;
  host_.emit("vm.stopped", stopped);
  answer_waiting();
}

// The kernel boots quietly, because a serial port is slow; what it would have said is fetched from
// its buffer when nobody waits for the guest any more. Once per boot.
void Container::keep_boot_messages() {
  boot_messages_timer_.stop();
  if (!vm_ || !vm_->ready() || std::exchange(boot_messages_kept_, true)) return;
  vm_->guest().request("/v1/kernel-log", nullptr, kStatsDeadline, [this](const Result<Json>& log) {
    if (log) boot_log_.write(string_or(*log, "text", ""));
  });
}

// Everybody who waited for the VM's end.
void Container::answer_waiting() {
  if (auto failed = std::exchange(failed_start_, std::nullopt)) failed->first.fail(failed->second);
  for (Reply& reply : std::exchange(stops_, {})) {
    reply.ok({{"exitCode", exit_ ? exit_->exit_code : 0}});
  }
  for (Reply& reply : std::exchange(removals_, {})) reply.ok();
  check_closed();
}

void Container::end_vm(Milliseconds deadline) {
  if (vm_) vm_->shut_down(deadline);
}

void Container::kill_all() {
  for (auto& [id, process] : processes_) process->expect_kill();
  if (vm_) vm_->kill();
}

// --- processes ---

void Container::start(ProcessRequest request, UniqueFd client, Reply reply) {
  if (state_ != State::kCreated) {
    return reply.fail(
        {Code::kConflict,
         "container " + config_.container + " is " + state_name() + " and can't be started",
         {}});
  }
  state_ = State::kStarting;
  launch(std::move(request), std::move(client), std::move(reply));
}

void Container::exec(ProcessRequest request, UniqueFd client, Reply reply) {
  if (state_ != State::kRunning || !vm_->ready()) return reply.fail(not_running().value());
  if (processes_.contains(request.id)) {
    return reply.fail({Code::kConflict, "process " + request.id + " exists already", {}});
  }
  launch(std::move(request), std::move(client), std::move(reply));
}

void Container::launch(ProcessRequest request, UniqueFd client, Reply reply) {
  const std::string id = request.id;
  GuestProcess::Callbacks callbacks;
  callbacks.started = [this, id](const Result<int64_t>& pid) { on_started(id, pid); };
  callbacks.exited = [this, id](const ProcessExit& exit) { on_exited(id, exit); };
  callbacks.ended = [this, id] { on_ended(id); };
  if (id == "init") {
    callbacks.output = [this](LogStream stream, std::string_view bytes) {
      on_output(stream, bytes);
    };
  }
  launches_.emplace(id, std::move(reply));
  auto process = std::make_unique<GuestProcess>(loop_, vm_->guest(), std::move(request),
                                                std::move(client), std::move(callbacks));
  GuestProcess& launched = *process;
  processes_[id] = std::move(process);
  launched.start(kProcessDeadline);
}

void Container::on_started(const std::string& id, const Result<int64_t>& pid) {
  auto launch = launches_.extract(id);
  Reply reply = std::move(launch.mapped());
  if (pid) {
    if (id == "init") {
      state_ = State::kRunning;
      boot_messages_timer_.start(kBootMessagesMs);
    }
    return reply.ok({{"pid", *pid}});
  }
  if (id != "init") return reply.fail(pid.error());
  state_ = State::kExited;
  failed_start_.emplace(std::move(reply), pid.error());
  end_vm(kFailedStartDeadline);
}

void Container::on_exited(const std::string& id, const ProcessExit& exit) {
  if (id != "init") {
    Json event = {{"exec", id}, {"exitCode", exit.exit_code}, {"at", exit.at_us}};
    if (exit.signal) event["signal"] = exit.signal;
    return host_.emit("exec.exited", event);
  }
  log_.finish(now_us());
  if (log_.lost_bytes() > 0) {
    host_.log(plugin::Level::kWarning, std::to_string(log_.lost_bytes()) + " bytes of the log of " +
                                           config_.container + " could not be written");
  }
  exit_ = exit;
  state_ = State::kExited;
  stop_timer_.stop();
  host_.emit("container.exited", exit_json(exit));
  if (disposable_) return kill_all();
  keep_boot_messages();
  end_vm(kPowerOffDeadline);
}

void Container::on_ended(const std::string& id) {
  processes_.erase(id);
  check_closed();
}

void Container::on_output(LogStream stream, std::string_view bytes) {
  log_.write(stream, bytes, now_us());
  if (log_.has_unfinished() && !flush_timer_.active()) flush_timer_.start(kFlushMs);
}

void Container::signal(const SignalRequest& request, Reply reply) {
  const auto found = processes_.find(request.process);
  if (found == processes_.end() || !found->second->running()) {
    return reply.fail({Code::kNotFound,
                       "no process " + request.process + " runs in container " + config_.container,
                       {}});
  }
  // A machine that doesn't obey, or lies about it, is ended for it.
  if (request.process == "init" && request.signal == SIGKILL) {
    for (auto& [id, process] : processes_) process->release_backpressure();
    killing_ = true;
    stop_timer_.start(kKillGraceMs);
  }
  // The answer owns the reply; std::function wants it copyable.
  auto owed = std::make_shared<Reply>(std::move(reply));
  found->second->signal(request.signal, [owed](const Result<Json>& answer) {
    if (answer) return owed->ok();
    owed->fail(answer.error());
  });
}

// --- ends ---

void Container::stop(const StopRequest& request, Reply reply) {
  if (!has_container()) {
    return reply.fail({Code::kNotFound, "container " + config_.container + " has no VM", {}});
  }
  stops_.push_back(std::move(reply));
  if (!vm_) return answer_waiting();
  for (auto& [id, process] : processes_) process->release_backpressure();
  if (state_ == State::kCreating) return vm_->kill();
  const auto init = processes_.find("init");
  if (init == processes_.end() || !init->second->alive()) return end_vm(kPowerOffDeadline);
  if (request.signal == SIGKILL) return escalate();
  init->second->signal(request.signal, [](const Result<Json>&) {});
  stop_timer_.start(static_cast<uint64_t>(request.timeout.count()));
}

// First SIGKILL for the container's process, then for its machine.
void Container::escalate() {
  const auto init = processes_.find("init");
  if (killing_ || init == processes_.end()) return kill_all();
  killing_ = true;
  init->second->signal(SIGKILL, [](const Result<Json>&) {});
  stop_timer_.start(kKillGraceMs);
}

void Container::remove(Reply reply) {
  removals_.push_back(std::move(reply));
  if (!vm_) return answer_waiting();
  kill_all();
}

void Container::cancel(bh_op op) {
  if (state_ == State::kCreating && create_op_ == op) vm_->kill();
}

void Container::close(std::function<void()> done) {
  closed_ = std::move(done);
  kill_all();
  farewell_timer_.start(kFarewellMs);
  check_closed();
}

void Container::check_closed() {
  if (!closed_ || vm_ || !processes_.empty()) return;
  farewell_timer_.stop();
  const auto done = std::exchange(closed_, nullptr);
  done();
}

// --- questions ---

void Container::stats(Reply reply) {
  if (!vm_ || !vm_->ready()) return reply.fail(not_running().value());
  auto owed = std::make_shared<Reply>(std::move(reply));
  vm_->guest().request("/v1/stats", nullptr, kStatsDeadline, [owed](const Result<Json>& answer) {
    if (answer) return owed->ok(statistics(*answer));
    owed->fail(answer.error());
  });
}

void Container::links(Reply reply) {
  if (!has_container()) {
    return reply.fail({Code::kNotFound, "container " + config_.container + " has no VM", {}});
  }
  Json networks = Json::array();
  std::vector<int> fds;
  for (const auto& [network, fd] : links_) {
    networks.push_back(network);
    fds.push_back(fd.get());
  }
  reply.ok({{"networks", std::move(networks)}}, fds);
}

void Container::inspect(Reply reply) {
  if (!has_container()) {
    return reply.fail({Code::kNotFound, "container " + config_.container + " has no VM", {}});
  }
  Json ids = Json::array();
  for (const auto& [id, process] : processes_) {
    if (process->alive()) ids.push_back(id);
  }
  Json body = {
      {"state", state_name()}, {"pid", vm_ ? vm_->pid() : 0}, {"processes", std::move(ids)}};
  if (vm_) body["shares"] = vm_->shares();
  if (exit_) body["exit"] = exit_json(*exit_);
  reply.ok(body);
}

}  // namespace bulkhead::qemu
