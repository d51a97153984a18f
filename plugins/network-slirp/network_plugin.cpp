#include "network_plugin.hpp"

#include <sys/resource.h>

#include <algorithm>
#include <csignal>
#include <exception>
#include <iterator>
#include <string_view>

namespace bulkhead::net {
namespace {

constexpr std::string_view kMethods[] = {
    "network.create",  "network.attach", "network.detach", "network.configure",
    "network.inspect", "network.gc",     "network.delete",
};

// Each connection through the gateway is a descriptor, and the usual limit is 1,024.
void raise_descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace

NetworkPlugin::~NetworkPlugin() {
  stop();
}

Status NetworkPlugin::start(const Json& config) {
  // For tests: whose resolvers names are forwarded to.
  resolv_conf_ = string_or(config, "resolvConf", "/etc/resolv.conf");
  dns_port_ = static_cast<uint16_t>(integer_or(config, "resolverPort", 53));
  raise_descriptor_limit();
  loop_ = std::make_unique<loop::Loop>();
  loop_->on_exception([host = host_](const char* what) {
    host.log(plugin::Level::kError, std::string("network: an exception: ") + what);
  });
  wake_ = std::make_unique<loop::Async>(*loop_, [this] { take_orders(); });
  thread_ = std::thread([this] { run(); });
  return {};
}

bool NetworkPlugin::submit(plugin::Request& request, plugin::Reply& reply) {
  const bool known =
      std::find(std::begin(kMethods), std::end(kMethods), request.method) != std::end(kMethods);
  if (!known) return false;
  {
    const std::lock_guard lock(mutex_);
    orders_.push_back({std::move(request), std::move(reply)});
  }
  wake_->send();
  return true;
}

void NetworkPlugin::stop() {
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

void NetworkPlugin::run() {
  // libslirp writes to connections that the other side has closed; signals are the host's.
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, nullptr);
  loop_->run();
  // Handles belong to this thread, so they are closed on it.
  network_.reset();
  wake_.reset();
}

void NetworkPlugin::take_orders() {
  std::deque<Order> orders;
  bool stopping = false;
  {
    const std::lock_guard lock(mutex_);
    orders.swap(orders_);
    stopping = stopping_;
  }
  for (Order& order : orders) carry_out(order);
  if (stopping) loop_->stop();
}

void NetworkPlugin::carry_out(Order& order) {
  try {
    if (Status begun = begin(order.request, order.reply); !begun) order.reply.fail(begun.error());
  } catch (const std::exception& thrown) {
    order.reply.fail({Code::kInternal, order.request.method + ": " + thrown.what(), {}});
  }
}

Status NetworkPlugin::begin(plugin::Request& request, plugin::Reply& reply) {
  const std::string& method = request.method;
  if (method == "network.create") return create(request.body, reply);
  if (method == "network.delete") {
    network_.reset();
    reply.ok();
    return {};
  }
  if (method == "network.attach") return attach(request, reply);
  if (method == "network.detach") {
    const auto container = parse_detach(request.body);
    if (!container) return fail(container.error());
    if (network_) network_->detach(*container);
    reply.ok();
    return {};
  }
  const auto made = network();
  if (!made) return fail(made.error());
  if (method == "network.configure") {
    auto names = parse_configure(request.body);
    if (!names) return fail(std::move(names.error()));
    (*made)->set_names(std::move(*names));
    reply.ok();
  } else if (method == "network.gc") {
    const auto alive = parse_gc(request.body);
    if (!alive) return fail(alive.error());
    reply.ok({{"detached", (*made)->keep_only(*alive)}});
  } else {
    reply.ok((*made)->inspect());
  }
  return {};
}

Status NetworkPlugin::create(const Json& body, plugin::Reply& reply) {
  auto request = parse_create(body);
  if (!request) return fail(std::move(request.error()));
  if (network_ && network_->id() != request->network)
    return fail(Code::kConflict, "this host already carries network " + network_->id());
  if (!network_) {
    request->resolv_conf = resolv_conf_;
    request->dns_port = dns_port_;
    network_ = std::make_unique<Network>(*loop_, *request, [host = host_](const std::string& text) {
      host.log(plugin::Level::kWarning, text);
    });
  }
  reply.ok({{"tap", network_->tap()}, {"noTap", network_->why_no_tap()}});
  return {};
}

Status NetworkPlugin::attach(plugin::Request& request, plugin::Reply& reply) {
  const auto made = network();
  if (!made) return fail(made.error());
  const auto parsed = parse_attach(request.body);
  if (!parsed) return fail(parsed.error());
  UniqueFd end;
  if (parsed->restore) {
    if (request.fds.empty())
      return fail(Code::kInvalid, "network.attach: to restore needs the switch's end of the cable");
    end = std::move(request.fds.front());
  }
  const auto ends = (*made)->attach(*parsed, std::move(end));
  if (!ends) return fail(ends.error());
  if (parsed->restore) {
    reply.ok();
  } else {
    const int fds[] = {ends->vm.get(), ends->spare.get()};
    reply.ok(Json::object(), fds);
  }
  return {};
}

Result<Network*> NetworkPlugin::network() const {
  if (!network_) return fail(Code::kNotFound, "the network hasn't been created here");
  return network_.get();
}

std::unique_ptr<plugin::Plugin> make_network_plugin(plugin::Host host) {
  return std::make_unique<NetworkPlugin>(host);
}

}  // namespace bulkhead::net
