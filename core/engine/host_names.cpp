#include "host_names.hpp"

#include "log.hpp"
#include "model/host_names.hpp"

namespace bulkhead::engine {
namespace {

constexpr const char* kAddress = "127.0.0.1";
constexpr uint64_t kRetryMs = 2'000;
constexpr uint64_t kPatienceMs = 5'000;

bool matters(const model::Event& event) {
  if (event.stream.starts_with("container/")) return !event.type.starts_with("container.exec");
  return event.stream.starts_with("dns/") || event.stream.starts_with("property/dns.") ||
         event.type == "network.created" || event.type == "network.deleted";
}

}  // namespace

HostNames::HostNames(loop::Loop& loop, store::Ledger& ledger, ServicePort& host)
    : ledger_(ledger),
      host_(host),
      soon_(loop, [this] { reconcile(); }),
      retry_(loop, [this] { reconcile(); }),
      patience_(loop, [this] { settle(); }) {
  subscription_ = ledger_.subscribe([this](const model::Event& event) {
    if (begun_ && matters(event)) soon_.start(0);
  });
  host_.on_restarted([this] {
    told_ = Json();
    reconcile();
  });
}

HostNames::~HostNames() {
  ledger_.unsubscribe(subscription_);
}

void HostNames::begin() {
  begun_ = true;
  reconcile();
}

void HostNames::close(std::function<void()> closed) {
  closing_ = true;
  soon_.stop();
  retry_.stop();
  closed_ = std::move(closed);
  settle();
  reconcile();
}

Json HostNames::wanted() const {
  const uint16_t port = model::host_names_port(ledger_.state());
  if (!begun_ || closing_ || port == 0) return {};
  Json table = model::host_names(ledger_.state());
  if (table["zones"].empty()) return {};
  table["address"] = kAddress;
  table["port"] = port;
  return table;
}

void HostNames::reconcile() {
  Json table = wanted();
  if (life_ == Life::kOff) {
    if (table.is_null()) {
      problem_.clear();
      settle();
      if (auto call = std::exchange(closed_, nullptr)) call();
      return;
    }
    life_ = Life::kStarting;
    // A failure is told by the first call.
    return host_.start([this](const Status&) {
      if (life_ != Life::kStarting) return;
      life_ = Life::kOn;
      reconcile();
    });
  }
  if (life_ != Life::kOn) return;
  if (table.is_null()) {
    life_ = Life::kStopping;
    retry_.stop();
    told_ = Json();
    return host_.stop([this] {
      life_ = Life::kOff;
      reconcile();
    });
  }
  if (asking_) return;
  if (table == told_) return settle();
  tell(std::move(table));
}

void HostNames::tell(Json table) {
  asking_ = true;
  retry_.stop();
  telling_ = std::move(table);
  host_.ask("names.serve", telling_, [this](const Result<Json>& result) { told(result); });
}

void HostNames::told(const Result<Json>& result) {
  asking_ = false;
  if (life_ != Life::kOn) return;
  if (result) {
    told_ = std::move(telling_);
    problem_.clear();
    return reconcile();
  }
  told_ = Json();
  const std::string problem = result.error().message;
  if (problem != problem_) log::warning("names for the host: " + problem);
  problem_ = problem;
  // A host that is down comes back by itself, or has been given up (service_host.hpp).
  if (result.error().code != Code::kUnavailable) retry_.start(kRetryMs);
  settle();
}

void HostNames::when_settled(std::function<void()> then) {
  waiting_.push_back(std::move(then));
  patience_.start(kPatienceMs);
  soon_.start(0);
}

void HostNames::settle() {
  patience_.stop();
  for (const auto& then : std::exchange(waiting_, {})) then();
}

Json HostNames::describe() const {
  const uint16_t port = model::host_names_port(ledger_.state());
  if (port == 0) return {{"address", ""}, {"state", "off"}};
  Json described = {{"address", std::string(kAddress) + ":" + std::to_string(port)}};
  if (!problem_.empty()) {
    described["state"] = "failing";
    described["problem"] = problem_;
  } else if (!told_.is_null()) {
    described["state"] = "serving";
  } else {
    described["state"] = wanted().is_null() ? "idle" : "starting";
  }
  return described;
}

}  // namespace bulkhead::engine
