#include "service_host.hpp"

#include <chrono>

#include "log.hpp"
#include "model/facts.hpp"

namespace bulkhead::engine {
namespace {

constexpr uint64_t kJournaledOps = (uint64_t{1} << 63) - 1;

std::chrono::milliseconds monotonic() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
      std::chrono::steady_clock::now().time_since_epoch());
}

}  // namespace

ServiceHost::ServiceHost(loop::Loop& loop, store::Ledger& ledger, Places places)
    : loop_(loop), ledger_(ledger), places_(std::move(places)), restart_(loop, [this] {
        start([this](const Status& started) {
          if (started && restarted_) restarted_();
        });
      }) {}

ServiceHost::~ServiceHost() = default;

void ServiceHost::note(const char* type, Json data) {
  ledger_.record({model::fact(stream(), type, std::move(data))});
}

void ServiceHost::start(std::function<void(Status)> started) {
  ending_ = false;
  plugins::PluginHost::Command command;
  command.program = places_.program;
  command.plugin = places_.plugin;
  plugins::PluginHost::Events events;
  events.ready = [this](const plugins::HostIdentity& identity) { identity_ = identity; };
  events.logged = [this](int level, uint64_t, const std::string& text) {
    log::write(static_cast<log::Level>(std::clamp(level, 0, 3)), places_.name + ": " + text);
  };
  events.progress = [this](uint64_t op, const Json& progress) {
    // A copy: what hears of it may call the operation off.
    if (auto found = open_.find(op); found != open_.end() && found->second)
      if (auto tell = found->second) tell(progress);
  };
  events.ended = [this](const plugins::HostEnd& end) { ended(end); };
  auto host = plugins::PluginHost::spawn(loop_, command, std::move(events));
  if (!host) {
    log::warning(places_.name + ": " + host.error().message);
    crashed({{"openOperations", Json::array()}, {"reason", host.error().message}});
    return started(fail(std::move(host.error())));
  }
  host_ = std::move(*host);
  host_->start(places_.config, [this, started = std::move(started)](const Status& status) {
    plugin_started(status, started);
  });
}

void ServiceHost::plugin_started(const Status& status, const std::function<void(Status)>& then) {
  if (status) {
    note("plugin.started", {{"pid", identity_.pid},
                            {"version", identity_.version},
                            {"capabilities", identity_.capabilities}});
  } else {
    note("plugin.refused", {{"file", places_.plugin}, {"reason", status.error().message}});
  }
  then(status);
}

void ServiceHost::ended(const plugins::HostEnd& end) {
  auto host = std::move(host_);
  Json open = Json::array();
  for (const auto& [op, progress] : std::exchange(open_, {}))
    if (op <= kJournaledOps) open.push_back(op);
  if (end.asked) {
    note("plugin.stopped", {{"reason", places_.end}});
    if (auto call = std::exchange(stopped_, nullptr)) call();
    return;
  }
  log::warning(places_.name + " " + end.how);
  Json data = {{"openOperations", open}, {"how", end.how}};
  if (end.signal) data["signal"] = end.signal;
  if (!end.signal) data["exitCode"] = end.exit_code;
  crashed(std::move(data));
}

// Also of a host that couldn't be made, for want of processes or descriptors: it may be possible
// later.
void ServiceHost::crashed(Json data) {
  note("plugin.crashed", std::move(data));
  auto delay = policy_.crashed(monotonic());
  parked_ = !delay;
  if (parked_)
    return log::error(
        places_.name +
        " crashed too often and stays down; `container system stop` and start try again");
  if (!places_.on_demand) restart_.start(static_cast<uint64_t>(delay->count()));
}

void ServiceHost::stop(std::function<void()> stopped) {
  ending_ = true;
  restart_.stop();
  if (!host_) return stopped();
  stopped_ = std::move(stopped);
  host_->stop();
}

void ServiceHost::call(uint64_t op, const std::string& method, const Json& request,
                       std::vector<UniqueFd> fds, Answer answer) {
  transact(op, method, request, std::move(fds), {},
           [answer = std::move(answer)](Result<Json> result, std::vector<UniqueFd>) {
             give(answer, std::move(result));
           });
}

void ServiceHost::transact(uint64_t op, const std::string& method, const Json& request,
                           std::vector<UniqueFd> fds, OnProgress progress, FullAnswer answer) {
  // A host that is still loading its plugin takes calls already.
  if (!host_ && places_.on_demand && !parked_ && !ending_) start([](const Status&) {});
  if (!host_)
    return answer(fail(Code::kUnavailable, "the plugin " + places_.name + " is not running",
                       "`container system logs` says why"),
                  {});
  open_[op] = std::move(progress);
  host_->call(
      op, method, request, std::move(fds),
      [this, op, answer = std::move(answer)](Result<Json> result, std::vector<UniqueFd> given) {
        open_.erase(op);
        answer(std::move(result), std::move(given));
      });
}

void ServiceHost::cancel(uint64_t op) {
  if (host_ && open_.contains(op)) host_->cancel(op);
}

}  // namespace bulkhead::engine
