// start: intent; host process (a new one, or a parked one with its machine); host-started
// committed; networks; VM; process; outcome. Each step is a member function that ends by asking for
// the next; whatever fails goes through abandon(), which leaves no process and no socket behind. So
// does what is cancelled: a stop, a deletion and the service's end give up a start that is under
// way, whatever it waits for, and go on after its outcome.
#include <algorithm>
#include <cstdlib>

#include "containers.hpp"
#include "host_clock.hpp"
#include "log.hpp"
#include "model/container_decide.hpp"
#include "model/facts.hpp"
#include "model/guest_bodies.hpp"
#include "model/mount_bodies.hpp"
#include "model/property_decide.hpp"
#include "model/read_json.hpp"
#include "model/volume_use.hpp"
#include "mount_sources.hpp"

namespace bulkhead::engine {

namespace {

// Emulation on a busy machine boots a hundred times slower than KVM on an idle one; a deadline is
// for guests that never will. BULKHEAD_BOOT_DEADLINE_MS sets another.
constexpr int64_t kBootDeadlineTcgMs = 180'000;
constexpr int64_t kBootDeadlineKvmMs = 20'000;

int64_t boot_deadline_ms(const std::string& accelerator) {
  if (const char* text = getenv("BULKHEAD_BOOT_DEADLINE_MS"))
    if (int64_t asked = strtoll(text, nullptr, 10); asked > 0) return asked;
  return accelerator == "kvm" ? kBootDeadlineKvmMs : kBootDeadlineTcgMs;
}

}  // namespace

class StartFlow : public std::enable_shared_from_this<StartFlow> {
 public:
  StartFlow(Containers& owner, Containers::Start command, const model::Event& intent, Report report)
      : owner_(owner),
        parts_(owner.parts_),
        command_(std::move(command)),
        op_(static_cast<uint64_t>(intent.seq)),
        intent_(intent),
        report_(std::move(report)) {}

  // The former run's VM may still be writing to the disk that this one needs.
  void begin() {
    parts_.hosts.when_gone(command_.id, [self = shared_from_this()] {
      if (!self->going()) return;
      self->owner_.when_volumes_are_free(self->command_.id, [self] {
        if (self->going()) self->choose_accelerator();
      });
    });
  }

  // Without effect if it has ended.
  void cancel(const std::string& why) { abandon({Code::kConflict, why, {}}); }

 private:
  // False if the start has ended, or ends now because the container isn't starting any more.
  bool going() {
    if (ended_) return false;
    const model::ContainerState* container = owner_.state().container(command_.id);
    if (container && static_cast<uint64_t>(container->start_op) == op_) return true;
    abandon({Code::kConflict, "container " + command_.id + " is not being started any more", {}});
    return false;
  }

  void choose_accelerator() {
    parts_.accelerator.verdict([self = shared_from_this()](const std::string& kind) {
      if (!self->going()) return;
      self->accelerator_ = kind;
      self->launch();
    });
  }

  // Adds what the mounts need of the machine and the guest.
  Status put_mounts(Json& machine, Json& guest) {
    const Json& configuration = owner_.state().container(command_.id)->configuration;
    auto sources = open_mount_sources(configuration, owner_.directory(command_.id) + "/files");
    if (!sources) return fail(std::move(sources.error()));
    auto bodies = model::mount_bodies(configuration, owner_.state(), *sources);
    if (!bodies) return fail(std::move(bodies.error()));
    model::put_mounts(*bodies, machine, guest);
    return {};
  }

  void launch() {
    const model::ContainerState* container = owner_.state().container(command_.id);
    if (!container->configuration.contains("kernel")) {
      auto kernel = parts_.kernels.current();
      if (!kernel) return abandon(std::move(kernel.error()));
      kernel_ = *kernel;
    }
    if (auto ordered = write_request(); !ordered) return abandon(std::move(ordered.error()));
    if (!command_.cold && !parked_failed_) parked_ = parts_.parking.take(request_["machine"]);
    auto self = shared_from_this();
    launched_ = true;
    if (parked_) {
      host_ = parts_.hosts.take(parked_->host, command_.id);
      reached("hostUs");
      return host_started(host_, [self] { self->join_networks(); });
    }
    parts_.hosts.launch(
        command_.id, op_,
        [self](const model::RuntimeHost& host, std::function<void()> go) {
          self->host_started(host, std::move(go));
        },
        [self](const Result<model::RuntimeHost>& host) {
          if (!self->going()) return;
          if (!host)
            return self->abandon(
                Error(host.error()).context("start the host of container " + self->command_.id));
          self->host_ = *host;
          self->reached("hostUs");
          self->join_networks();
        });
  }

  void host_started(const model::RuntimeHost& host, std::function<void()> go) {
    Json data = {{"op", op_},
                 {"hostPid", host.pid},
                 {"hostSocket", host.socket},
                 {"hostStartTime", host.start_time}};
    auto fact = model::fact(intent_.stream, "container.host-started", data,
                            {{{"kind", "daemon"}}, intent_.seq, {}});
    owner_.ledger().record({fact}, [self = shared_from_this(), go = std::move(go)](
                                       const Result<std::vector<model::Event>>& committed) {
      if (!self->going()) return;
      if (!committed) return self->abandon(committed.error());
      go();
    });
  }

  void join_networks() {
    joined_ = true;
    std::vector<UniqueFd> cables;
    if (parked_) cables = std::move(parked_->cables);
    parts_.networks.join(command_.id, std::move(cables),
                         [self = shared_from_this()](Result<std::vector<UniqueFd>> links) {
                           if (!self->going()) return;
                           if (!links) return self->abandon(links.error());
                           self->reached("networksUs");
                           self->create_vm(std::move(*links));
                         });
  }

  // runtime.create's, without what it is cloned from.
  Status write_request() {
    const model::ContainerState* container = owner_.state().container(command_.id);
    Json machine = model::machine_request(*container, {accelerator_, kernel_, parts_.initramfs});
    machine["shareTransport"] =
        model::property_value(owner_.state(), "mounts.transport").value_or("auto");
    machine["cloning"] = !command_.cold && parts_.templates.enabled();
    if (!container->leases.empty()) machine["networks"] = model::machine_networks(*container);
    Json guest = model::guest_request(container->configuration,
                                      model::guest_network(owner_.state(), *container));
    if (auto put = put_mounts(machine, guest); !put) return put;
    model::put_sockets(model::machine_sockets(container->configuration, command_.ssh_socket),
                       machine, guest);
    request_ = {{"container", command_.id},
                {"hostname", command_.id},
                {"machine", std::move(machine)},
                {"guest", std::move(guest)},
                {"bootDeadlineMs", boot_deadline_ms(accelerator_)}};
    if (model::is_disposable(*container, request_["machine"])) request_["disposable"] = true;
    return {};
  }

  void create_vm(std::vector<UniqueFd> links) {
    links_ = std::move(links);
    if (parked_) return take_parked();
    if (command_.cold) return boot();
    parts_.templates.source(
        request_["machine"], [self = shared_from_this()](std::optional<Templates::Source> source) {
          if (!self->going()) return;
          if (!source) {
            self->missed_ = self->parts_.templates.why_none(self->request_["machine"]);
            return self->boot();
          }
          self->put_template(std::move(*source));
          self->must_boot() ? self->boot() : self->order_vm();
        });
  }

  void take_parked() {
    template_ = parked_->key;
    request_["parked"] = true;
    request_["logDir"] = owner_.directory(command_.id);
    order_vm();
  }

  // A machine that was parked and can't be had is no reason not to clone another one.
  void do_without_parked(const Error& why) {
    log::warning("container " + command_.id +
                 " can't have the machine that was parked: " + why.message);
    parked_.reset();
    parked_failed_ = true;
    template_.clear();
    parts_.hosts.kill(command_.id);
    parts_.hosts.when_gone(command_.id, [self = shared_from_this()] {
      self->parts_.networks.leave(self->command_.id, [self] {
        if (self->going()) self->launch();
      });
    });
  }

  // Though a template was found: no clone has folders by virtio-fs.
  bool must_boot() const {
    const Json& machine = request_.at("machine");
    return machine.contains("shares") && model::read_text(machine, "shareTransport") == "virtiofs";
  }

  void boot() {
    if (accelerator_ == "kvm") return order_vm();
    owner_.boots_.enter([self = shared_from_this()](BootGate::Turn turn) {
      if (!self->going()) return;
      self->turn_ = std::move(turn);
      self->order_vm();
    });
  }

  void put_template(Templates::Source source) {
    template_ = source.key;
    request_["machine"]["template"] = std::move(source.body);
    links_.push_back(std::move(source.ram));
    links_.push_back(std::move(source.state));
  }

  void order_vm() {
    PluginPort* host = parts_.hosts.find(command_.id);
    if (!host) {
      const Error gone{
          Code::kUnavailable, "the host of container " + command_.id + " has ended", {}};
      return parked_ ? do_without_parked(gone) : abandon(gone);
    }
    reached("orderedUs");
    host->call(op_, "runtime.create", request_, std::move(links_),
               [self = shared_from_this()](Result<Json> created) {
                 self->turn_.reset();
                 if (!self->going()) return;
                 if (!created && self->parked_) return self->do_without_parked(created.error());
                 if (!created) return self->abandon(created.error());
                 self->created_ = std::move(*created);
                 self->believe_the_machine();
                 self->parts_.networks.confirm(self->command_.id);
                 self->start_process();
               });
  }

  // The host that couldn't boot with KVM has tried without; the next start needn't find out again.
  void believe_the_machine() {
    if (accelerator_ != "kvm" || model::read_text(created_, "accelerator") == "kvm") return;
    parts_.accelerator.disprove("the machine of container " + command_.id +
                                " did not boot with KVM, and did without");
  }

  void start_process() {
    const model::ContainerState* container = owner_.state().container(command_.id);
    PluginPort* host = parts_.hosts.find(command_.id);
    if (!host)
      return abandon(
          {Code::kUnavailable, "the host of container " + command_.id + " has ended", {}});
    Json process = model::process_request(container->configuration);
    if (command_.size.is_object()) process["size"] = command_.size;
    Json request = {{"process", std::move(process)},
                    {"attach", command_.attach},
                    {"stdin", command_.stdin_open}};
    std::vector<UniqueFd> fds;
    if (command_.attach) {
      auto connection = command_.take_connection();
      if (!connection) return abandon(connection.error());
      fds.push_back(std::move(*connection));
    }
    // A second call of the same operation: named apart, because a host completes each id once.
    host->call(unjournaled_op(), "runtime.start", request, std::move(fds),
               [self = shared_from_this()](Result<Json> process_started) {
                 if (!self->going()) return;
                 if (!process_started) return self->abandon(process_started.error());
                 self->reached("processUs");
                 Json outcome = self->created_;
                 outcome["steps"] = self->steps_;
                 outcome.erase("badTemplate");
                 if (!self->missed_.empty()) outcome["notCloned"] = self->missed_;
                 if (!self->template_.empty()) outcome["template"] = self->template_;
                 if (self->parked_) outcome["parked"] = true;
                 if (!self->command_.cold) self->learn();
                 outcome["pid"] = model::read_integer(*process_started, "pid").value_or(0);
                 outcome["hostPid"] = self->host_.pid;
                 outcome["hostSocket"] = self->host_.socket;
                 self->ended_ = true;
                 self->report_({outcome, {}});
               });
  }

  // For who asks what took how long; since the intent was written.
  void reached(const char* step) { steps_[step] = std::max<int64_t>(0, now_us() - intent_.at_us); }

  void learn() {
    parts_.templates.learned(request_["machine"], template_, created_);
    if (const model::ContainerState* container = owner_.state().container(command_.id))
      parts_.parking.wanted({request_["machine"], container->image_digest,
                             model::member(container->configuration, "platform")});
  }

  // A failed start leaves the container as it was: the host and its VM are killed, then the outcome
  // says why. A host that isn't this start's is left alone.
  void abandon(Error error) {
    if (std::exchange(ended_, true)) return;
    turn_.reset();
    if (!launched_) return report_({fail(std::move(error)), {}});
    parts_.hosts.kill(command_.id);
    parts_.hosts.when_gone(command_.id, [self = shared_from_this(), error = std::move(error)] {
      auto report = [self, error] { self->report_({fail(error), {}}); };
      if (!self->joined_) return report();
      self->parts_.networks.leave(self->command_.id, report);
    });
  }

  Containers& owner_;
  Containers::Parts& parts_;
  Containers::Start command_;
  uint64_t op_;
  model::Event intent_;
  Report report_;
  std::string accelerator_;
  std::string kernel_;
  model::RuntimeHost host_;
  Json request_;  // of runtime.create
  std::vector<UniqueFd> links_;
  BootGate::Turn turn_;   // to boot
  std::string template_;  // the key of what it was to be a clone of
  std::optional<Parking::Machine> parked_;
  bool parked_failed_ = false;
  std::string missed_;  // why there was no template
  Json created_;
  Json steps_ = Json::object();
  bool launched_ = false;
  bool joined_ = false;  // or trying to
  bool ended_ = false;   // reported, or about to be
};

Containers::Containers(Parts parts) : parts_(std::move(parts)), facts_(ledger()) {}
Containers::~Containers() = default;

Status Containers::check_open() const {
  if (!closing_) return {};
  return fail(Code::kUnavailable, "the service is stopping", "`container system start` starts it");
}

void Containers::start(Start command, const model::Origin& origin, Answer done) {
  std::string id = command.id;
  Operations::Steps steps;
  steps.decide = [this, id, attach = command.attach,
                  origin](const model::State& state) -> Result<model::Decision> {
    if (auto open = check_open(); !open) return fail(std::move(open.error()));
    return model::decide_start(state, {id, attach}, origin);
  };
  auto op = std::make_shared<uint64_t>(0);
  steps.effect = [this, op, command = std::move(command)](const model::Event& intent,
                                                          Report report) {
    *op = static_cast<uint64_t>(intent.seq);
    auto flow = std::make_shared<StartFlow>(*this, command, intent, std::move(report));
    starts_[*op].flow = flow;
    if (closing_) return flow->cancel("the service is stopping");
    flow->begin();
  };
  steps.already = [id](const Answer& answer) { answer(Json{{"id", id}}); };
  steps.answer = [id](const model::Operation&, const Json&) { return Json{{"id", id}}; };
  parts_.operations.perform(origin, std::move(steps),
                            [this, id, op, done = std::move(done)](const Result<Json>& started) {
                              done(started);
                              // It died before the journal knew that it had come up.
                              if (started && !parts_.hosts.find(id)) host_gone(id, false, "ended");
                              // The client that would have removed it may be gone.
                              if (!started) auto_remove(id);
                              if (*op != 0) start_over(*op);
                            });
}

// decide() has refused what runs; what is left are machines that still shut down.
void Containers::when_volumes_are_free(const std::string& id, std::function<void()> then) {
  const model::ContainerState* container = state().container(id);
  if (!container) return then();
  auto wait = std::move(then);
  for (const std::string& sharer : model::sharers_of_volumes(state(), *container)) {
    const model::ContainerState* other = state().container(sharer);
    if (!other || other->up()) continue;  // it only reads, as this one does
    wait = [this, sharer, wait = std::move(wait)] { parts_.hosts.when_gone(sharer, wait); };
  }
  wait();
}

void Containers::cancel_start(const std::string& id, const std::string& why,
                              std::function<void()> then) {
  const model::ContainerState* container = state().container(id);
  auto found = starts_.find(container ? static_cast<uint64_t>(container->start_op) : 0);
  if (found == starts_.end()) return then();
  found->second.waiting.push_back(std::move(then));
  auto flow = found->second.flow;
  flow->cancel("container " + id + " " + why);
}

void Containers::start_over(uint64_t op) {
  auto over = starts_.extract(op);
  if (over.empty()) return;
  for (const auto& then : over.mapped().waiting) then();
  if (starts_.empty() && closed_) std::exchange(closed_, nullptr)();
}

void Containers::close(std::function<void()> done) {
  closing_ = true;
  closed_ = std::move(done);
  std::vector<std::shared_ptr<StartFlow>> flows;
  for (const auto& [op, starting] : starts_) flows.push_back(starting.flow);
  for (const auto& flow : flows) flow->cancel("the service is stopping");
  if (starts_.empty() && closed_) std::exchange(closed_, nullptr)();
}

// The host, if there is one, has been adopted before this. A container whose process runs or has
// run was started; anything earlier is given up, because the connection that asked for it is gone.
// A host without a VM any more says "exited" too, but has no exit to tell.
void Containers::recover_start(const model::Operation& operation, std::function<void()> done) {
  std::string id = operation.stream.substr(operation.stream.find('/') + 1);
  auto lose = [this, operation, id, done] {
    parts_.hosts.kill(id);
    parts_.hosts.when_gone(id, [this, operation, id, done] {
      parts_.operations.lose(operation, "the service ended before the container ran", done);
    });
  };
  PluginPort* host = parts_.hosts.find(id);
  if (!host) return lose();
  host->ask("runtime.inspect", Json::object(),
            [this, operation, id, lose, done](const Result<Json>& inspected) {
              std::string now = inspected ? model::read_text(*inspected, "state") : std::string();
              bool ran = now == "running" || (now == "exited" && inspected->contains("exit"));
              if (!ran) return lose();
              Json outcome = {{"pid", model::read_integer(*inspected, "pid").value_or(0)},
                              {"shares", model::member(*inspected, "shares")}};
              if (const auto* container = state().container(id); container && container->host) {
                outcome["hostPid"] = container->host->pid;
                outcome["hostSocket"] = container->host->socket;
              }
              parts_.operations.conclude(operation, {}, {outcome, {}, true},
                                         [done](const Result<Json>&) { done(); });
            });
}

}  // namespace bulkhead::engine
