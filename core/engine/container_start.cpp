// start: intent; host process; host-started committed; VM; process; outcome. Each step is a member
// function that ends by asking for the next; whatever fails goes through abandon(), which leaves no
// process and no socket behind.
#include <cstdlib>

#include "containers.hpp"
#include "log.hpp"
#include "model/container_decide.hpp"
#include "model/facts.hpp"
#include "model/guest_bodies.hpp"
#include "model/read_json.hpp"

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
      self->parts_.accelerator.verdict([self](const std::string& kind) {
        self->accelerator_ = kind;
        self->launch();
      });
    });
  }

 private:
  void launch() {
    const model::ContainerState* container = owner_.state().container(command_.id);
    if (!container || !container->configuration.contains("kernel")) {
      auto kernel = parts_.kernels.current();
      if (!kernel) return report_({fail(std::move(kernel.error())), {}, {}});
      kernel_ = *kernel;
    }
    auto self = shared_from_this();
    parts_.hosts.launch(
        command_.id, op_,
        [self](const model::RuntimeHost& host, std::function<void()> go) {
          self->host_started(host, std::move(go));
        },
        [self](const Result<model::RuntimeHost>& host) {
          if (!host)
            return self->abandon(
                Error(host.error()).context("start the host of container " + self->command_.id));
          self->host_ = *host;
          self->create_vm();
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
      if (!committed) return self->abandon(committed.error());
      go();
    });
  }

  void create_vm() {
    const model::ContainerState* container = owner_.state().container(command_.id);
    PluginPort* host = parts_.hosts.find(command_.id);
    if (!container || !host)
      return abandon(
          {Code::kUnavailable, "the host of container " + command_.id + " has ended", {}});
    Json request = {
        {"container", command_.id},
        {"hostname", command_.id},
        {"machine", model::machine_request(*container, {accelerator_, kernel_, parts_.initramfs})},
        {"guest", model::guest_request(container->configuration, {})},
        {"bootDeadlineMs", boot_deadline_ms(accelerator_)}};
    host->call(op_, "runtime.create", request, {},
               [self = shared_from_this()](Result<Json> created) {
                 if (!created) return self->abandon(created.error());
                 self->created_ = std::move(*created);
                 self->start_process();
               });
  }

  void start_process() {
    const model::ContainerState* container = owner_.state().container(command_.id);
    PluginPort* host = parts_.hosts.find(command_.id);
    if (!container || !host)
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
                 if (!process_started) return self->abandon(process_started.error());
                 Json outcome = self->created_;
                 outcome["id"] = self->command_.id;
                 outcome["pid"] = model::read_integer(*process_started, "pid").value_or(0);
                 outcome["hostPid"] = self->host_.pid;
                 outcome["hostSocket"] = self->host_.socket;
                 std::string id = self->command_.id;
                 self->report_({outcome, {}, [id] { return Json{{"id", id}}; }});
               });
  }

  // A failed start leaves the container as it was: the host and its VM are killed, then the outcome
  // says why.
  void abandon(Error error) {
    parts_.hosts.kill(command_.id);
    parts_.hosts.when_gone(command_.id, [self = shared_from_this(), error = std::move(error)] {
      self->report_({fail(error), {}, {}});
      self->owner_.settle(self->command_.id);
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
  Json created_;
};

void Containers::start(Start command, const model::Origin& origin, Answer done) {
  std::string id = command.id;
  Operations::Steps steps;
  steps.decide = [id, attach = command.attach, origin](const model::State& state) {
    return model::decide_start(state, {id, attach}, origin);
  };
  steps.effect = [this, command = std::move(command)](const model::Event& intent, Report report) {
    std::make_shared<StartFlow>(*this, command, intent, std::move(report))->begin();
  };
  steps.already = [id](const Answer& answer) { answer(Json{{"id", id}}); };
  parts_.operations.perform(origin, std::move(steps), std::move(done));
}

// The host, if there is one, has been adopted before this. A container whose process runs was
// started; anything earlier is given up, because the connection that asked for it is gone.
void Containers::recover_start(const model::Operation& operation, std::function<void()> done) {
  std::string id = operation.stream.substr(operation.stream.find('/') + 1);
  auto recorded = [done](const Result<std::vector<model::Event>>&) { done(); };
  auto lose = [this, operation, id, recorded] {
    parts_.hosts.kill(id);
    parts_.hosts.when_gone(id, [this, operation, recorded] {
      ledger().record(
          {model::outcome_lost(operation, "the service ended before the container ran")}, recorded);
    });
  };
  PluginPort* host = parts_.hosts.find(id);
  if (!host) return lose();
  host->ask(
      "runtime.inspect", Json::object(),
      [this, operation, id, lose, recorded](Result<Json> inspected) {
        std::string state = inspected ? model::read_text(*inspected, "state") : std::string();
        if (state != "running" && state != "exited") return lose();
        Json outcome = {{"pid", model::read_integer(*inspected, "pid").value_or(0)}};
        if (const auto* container = this->state().container(id); container && container->host) {
          outcome["hostPid"] = container->host->pid;
          outcome["hostSocket"] = container->host->socket;
        }
        ledger().record({model::outcome_recovered(operation, outcome)}, recorded);
      });
}

}  // namespace bulkhead::engine
