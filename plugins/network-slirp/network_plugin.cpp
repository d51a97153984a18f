#include "network_plugin.hpp"

#include <fcntl.h>
#include <sys/eventfd.h>

#include <algorithm>
#include <csignal>
#include <iterator>
#include <string_view>

#include "requests.hpp"

namespace bulkhead::network {
namespace {

using plugin::Json;

constexpr std::string_view kMethods[] = {
    "network.create",  "network.attach", "network.detach", "network.configure",
    "network.inspect", "network.list",   "network.gc",     "network.delete",
};

Milliseconds now() {
  return std::chrono::duration_cast<Milliseconds>(
      std::chrono::steady_clock::now().time_since_epoch());
}

std::vector<std::string> texts_at(const Json& body, const char* key) {
  std::vector<std::string> texts;
  if (auto found = body.find(key); found != body.end() && found->is_array())
    for (const Json& text : *found)
      if (text.is_string()) texts.push_back(text.get<std::string>());
  return texts;
}

Json members_json(const Network& network) {
  Json members = Json::array();
  for (const Membership& member : network.members())
    members.push_back({{"container", member.container},
                       {"mac", mac_text(member.identity.mac)},
                       {"ipv4", address_text(member.identity.ipv4)},
                       {"ipv6", address_text(member.identity.ipv6)}});
  return members;
}

}  // namespace

NetworkPlugin::~NetworkPlugin() {
  stop();
}

Status NetworkPlugin::start(const Json& config) {
  resolv_conf_ = string_or(config, "resolvConf", resolv_conf_);
  wake_ = UniqueFd(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!wake_) return fail_errno("make an eventfd", errno);
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
  eventfd_write(wake_.get(), 1);
  return true;
}

void NetworkPlugin::stop() {
  if (!thread_.joinable()) return;
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  eventfd_write(wake_.get(), 1);
  thread_.join();
}

// --- on the thread ---

void NetworkPlugin::run() {
  // A client that has left must not end the network; signals are the host's.
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, nullptr);
  PollSet set;
  while (true) {
    set.clear();
    int wake = set.add(wake_.get(), POLLIN);
    if (network_) network_->fill(set, now());
    set.wait();
    if (network_) network_->handle(set, now());
    if (!(set.events(wake) & POLLIN)) continue;
    eventfd_t ignored;
    eventfd_read(wake_.get(), &ignored);
    take_orders();
    const std::lock_guard lock(mutex_);
    if (stopping_ && orders_.empty()) break;
  }
  network_.reset();
}

void NetworkPlugin::take_orders() {
  std::deque<Order> orders;
  {
    const std::lock_guard lock(mutex_);
    orders.swap(orders_);
  }
  for (Order& order : orders) carry_out(order);
}

void NetworkPlugin::carry_out(Order& order) {
  std::vector<UniqueFd> given;
  // What a request makes go wrong must not end the network of everybody on it.
  try {
    plugin::Request& request = order.request;
    auto result = request.method == "network.create"   ? create(request.body)
                  : request.method == "network.attach" ? attach(request, given)
                                                       : others(request);
    if (!result) return order.reply.fail(result.error());
    std::vector<int> fds;
    for (const UniqueFd& fd : given) fds.push_back(fd.get());
    order.reply.ok(*result, fds);
  } catch (const std::exception& thrown) {
    order.reply.fail({Code::kInternal, std::string("the network failed: ") + thrown.what(), {}});
  }
}

void NetworkPlugin::name(const Json& body) {
  network_->set_names(texts_at(body, "domains"), texts_at(body, "hostNames"));
}

Result<Json> NetworkPlugin::create(const Json& body) {
  auto plan = parse_create(body);
  if (!plan) return fail(std::move(plan.error()));
  plan->resolv_conf = resolv_conf_;
  if (!network_) network_ = std::make_unique<Network>(*plan);
  name(body);
  std::string why;
  std::string interface = network_->join_host(why);
  if (!why.empty())
    host_.log(plugin::Level::kInfo, "the host itself does not join this network: " + why);
  return Json{{"tap", interface}};
}

Result<Json> NetworkPlugin::attach(plugin::Request& request, std::vector<UniqueFd>& fds) {
  auto parsed = parse_attach(request.body);
  if (!parsed) return fail(std::move(parsed.error()));
  if (!network_) return fail(Code::kConflict, "the network has not been created");
  if (parsed->restore) {
    if (request.fds.empty()) return fail(Code::kInvalid, "there is no link to take over");
    auto attached = network_->attach(std::move(parsed->membership), std::move(request.fds.front()));
    if (!attached) return fail(std::move(attached.error()));
    return Json::object();
  }
  auto link = make_link();
  if (!link) return fail(std::move(link.error()));
  UniqueFd kept(fcntl(link->second.get(), F_DUPFD_CLOEXEC, 3));
  if (!kept) return fail_errno("duplicate a socket", errno);
  auto attached = network_->attach(std::move(parsed->membership), std::move(link->second));
  if (!attached) return fail(std::move(attached.error()));
  fds.push_back(std::move(link->first));
  fds.push_back(std::move(kept));
  return Json::object();
}

Result<Json> NetworkPlugin::others(const plugin::Request& request) {
  const std::string_view verb = std::string_view(request.method).substr(sizeof "network." - 1);
  if (verb == "delete") {
    network_.reset();
    return Json::object();
  }
  if (verb == "gc") {
    Json detached = Json::array();
    auto alive = texts_at(request.body, "containers");
    if (network_)
      for (const Membership& member : network_->members())
        if (std::find(alive.begin(), alive.end(), member.container) == alive.end()) {
          network_->detach(member.container);
          detached.push_back(member.container);
        }
    return Json{{"detached", detached}};
  }
  if (verb == "detach") {
    if (network_) network_->detach(string_or(request.body, "container", ""));
    return Json::object();
  }
  if (!network_) return fail(Code::kNotFound, "the network has not been created");
  if (verb == "configure") {
    name(request.body);
    return Json::object();
  }
  Json result = {{"members", members_json(*network_)}};
  if (verb == "inspect") result["tap"] = network_->interface();
  return result;
}

}  // namespace bulkhead::network
