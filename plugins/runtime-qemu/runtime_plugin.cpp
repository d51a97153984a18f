#include "runtime_plugin.hpp"

#include <algorithm>
#include <iterator>
#include <string_view>

#include "host_clock.hpp"

namespace bulkhead::qemu {
namespace {

using plugin::Reply;

constexpr std::string_view kMethods[] = {
    "runtime.probe",  "runtime.create", "runtime.start",    "runtime.exec",
    "runtime.signal", "runtime.stop",   "runtime.stats",    "runtime.inspect",
    "runtime.links",  "runtime.delete", "runtime.template",
};

// The descriptor that comes with an attach; none if nobody attaches.
UniqueFd client_of(plugin::Request& request, const ProcessRequest& parsed) {
  if (!parsed.attach || request.fds.empty()) return {};
  return std::move(request.fds.front());
}

}  // namespace

RuntimePlugin::~RuntimePlugin() {
  stop();
}

Status RuntimePlugin::start(const Json& config) {
  auto parsed = parse_config(config);
  if (!parsed) return fail(parsed.error());
  config_ = std::move(*parsed);
  auto log = ContainerLog::open(config_.log_dir + "/container.log", config_.log);
  if (!log) return fail(log.error());
  auto boot_log = BootLog::open(config_.log_dir + "/boot.log");
  if (!boot_log) return fail(boot_log.error());
  loop_ = std::make_unique<loop::Loop>();
  wake_ = std::make_unique<loop::Async>(*loop_, [this] { take_orders(); });
  container_ =
      std::make_unique<Container>(*loop_, config_, host_, std::move(*log), std::move(*boot_log));
  thread_ = std::thread([this] { run(); });
  return {};
}

bool RuntimePlugin::submit(plugin::Request& request, Reply& reply) {
  const bool known =
      std::find(std::begin(kMethods), std::end(kMethods), request.method) != std::end(kMethods);
  if (!known) return false;
  {
    const std::lock_guard lock(mutex_);
    orders_.push_back({std::move(request), std::move(reply), ticks_us()});
  }
  wake_->send();
  return true;
}

void RuntimePlugin::cancel(bh_op op) {
  {
    const std::lock_guard lock(mutex_);
    cancelled_.push_back(op);
  }
  wake_->send();
}

void RuntimePlugin::stop() {
  if (!thread_.joinable()) return;
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_->send();
  thread_.join();
  loop_.reset();
}

// --- on the thread ---

void RuntimePlugin::run() {
  loop_->run();
  // Handles belong to this thread, so they are closed on it.
  probe_.reset();
  template_.reset();
  container_.reset();
  wake_.reset();
}

void RuntimePlugin::take_orders() {
  std::deque<Order> orders;
  std::vector<bh_op> cancelled;
  bool stopping = false;
  {
    const std::lock_guard lock(mutex_);
    orders.swap(orders_);
    cancelled.swap(cancelled_);
    stopping = std::exchange(stopping_, false);
  }
  for (Order& order : orders) carry_out(std::move(order));
  for (const bh_op op : cancelled) container_->cancel(op);
  if (stopping) container_->close([this] { loop_->stop(); });
}

void RuntimePlugin::carry_out(Order order) {
  plugin::Request& request = order.request;
  // One table of methods: each parses its request or answers with what is wrong with it.
  auto with = [&](auto parsed, auto&& act) {
    if (!parsed) return order.reply.fail(parsed.error());
    act(std::move(*parsed));
  };
  const std::string_view verb = std::string_view(request.method).substr(sizeof "runtime." - 1);
  if (verb == "create") {
    with(parse_create(request.body, std::move(request.fds)), [&](CreateRequest create) {
      container_->create(std::move(create), order.ordered_us, std::move(order.reply));
    });
  } else if (verb == "start") {
    with(parse_start(request.body), [&](ProcessRequest process) {
      UniqueFd client = client_of(request, process);
      container_->start(std::move(process), std::move(client), std::move(order.reply));
    });
  } else if (verb == "exec") {
    with(parse_exec(request.body), [&](ProcessRequest process) {
      UniqueFd client = client_of(request, process);
      container_->exec(std::move(process), std::move(client), std::move(order.reply));
    });
  } else if (verb == "signal") {
    with(parse_signal(request.body),
         [&](const SignalRequest& signal) { container_->signal(signal, std::move(order.reply)); });
  } else if (verb == "stop") {
    with(parse_stop(request.body),
         [&](const StopRequest& stop) { container_->stop(stop, std::move(order.reply)); });
  } else if (verb == "probe") {
    probe(request.body, std::move(order.reply));
  } else if (verb == "template") {
    with(parse_template(request.body, std::move(request.fds)),
         [&](TemplateRequest wanted) { make_template(std::move(wanted), std::move(order.reply)); });
  } else if (verb == "stats") {
    container_->stats(std::move(order.reply));
  } else if (verb == "inspect") {
    container_->inspect(std::move(order.reply));
  } else if (verb == "links") {
    container_->links(std::move(order.reply));
  } else if (verb == "delete") {
    container_->remove(std::move(order.reply));
  }
}

void RuntimePlugin::probe(const Json& body, Reply reply) {
  auto request = parse_probe(body);
  if (!request) return reply.fail(request.error());
  if (probe_) return reply.fail({Code::kConflict, "a probe is running already", {}});
  auto owed = std::make_shared<Reply>(std::move(reply));
  probe_ =
      std::make_unique<Probe>(*loop_, qemu_binary(config_.qemu), [this, owed](const Json& verdict) {
        probe_.reset();
        owed->ok(verdict);
      });
  probe_->run(*request);
}

void RuntimePlugin::make_template(TemplateRequest request, Reply reply) {
  if (template_) return reply.fail({Code::kConflict, "a template is being made already", {}});
  auto owed = std::make_shared<Reply>(std::move(reply));
  template_ = std::make_unique<TemplateBuild>(*loop_, qemu_binary(config_.qemu),
                                              [this, owed](const Result<Json>& made) {
                                                const auto over = std::move(template_);
                                                if (made) return owed->ok(*made);
                                                owed->fail(made.error());
                                              });
  template_->run(std::move(request));
}

}  // namespace bulkhead::qemu
