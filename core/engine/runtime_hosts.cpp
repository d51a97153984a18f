#include "runtime_hosts.hpp"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "barrier.hpp"
#include "bulkhead/pidfd.hpp"
#include "log.hpp"
#include "process_start.hpp"

namespace bulkhead::engine {
namespace {

// The container's own log: 16 MiB a file, and four old ones.
constexpr int64_t kLogBytes = 16 << 20;
constexpr int kLogFiles = 5;

}  // namespace

struct RuntimeHosts::Host : PluginPort {
  std::unique_ptr<plugins::PluginHost> link;
  model::RuntimeHost known;
  bool dismissed = false;

  void call(uint64_t op, const std::string& method, const Json& request, std::vector<UniqueFd> fds,
            Answer answer) override {
    link->call(op, method, request, std::move(fds),
               [answer = std::move(answer)](Result<Json> result, const std::vector<UniqueFd>&) {
                 give(answer, std::move(result));
               });
  }
  void transact(uint64_t op, const std::string& method, const Json& request,
                std::vector<UniqueFd> fds, OnProgress, FullAnswer answer) override {
    link->call(op, method, request, std::move(fds),
               [answer = std::move(answer)](Result<Json> result, std::vector<UniqueFd> given) {
                 auto shared = std::make_shared<std::vector<UniqueFd>>(std::move(given));
                 give([&](Result<Json> value) { answer(std::move(value), std::move(*shared)); },
                      std::move(result));
               });
  }
  void cancel(uint64_t op) override { link->cancel(op); }
};

RuntimeHosts::RuntimeHosts(loop::Loop& loop, Places places)
    : loop_(loop), places_(std::move(places)) {}
RuntimeHosts::~RuntimeHosts() = default;

plugins::PluginHost::Events RuntimeHosts::events_of(const std::string& id) {
  plugins::PluginHost::Events events;
  events.emitted = [this, id](uint64_t report, const std::string& type, const Json& data) {
    // It would come again with every connection.
    if (auto thrown = guarded([&] { events_.reported(id, report, type, data); })) {
      log::error(places_.subject + " " + id + ": its report " + type +
                 " is dropped: " + thrown->message);
      ack(id, report);
    }
  };
  events.completed = [this, id](uint64_t op, const Result<Json>& result) {
    if (auto thrown = guarded([&] { events_.completed(id, op, result); }))
      log::error(places_.subject + " " + id + ": the end of operation " + std::to_string(op) +
                 " is dropped: " + thrown->message);
  };
  events.logged = [what = "host of " + places_.subject + " " + id](int level, uint64_t,
                                                                   const std::string& text) {
    log::write(static_cast<log::Level>(std::clamp(level, 0, 3)), what + ": " + text);
  };
  events.ended = [this, id](const plugins::HostEnd& end) { lost(id, end.how); };
  return events;
}

void RuntimeHosts::launch(const std::string& id, uint64_t op, Spawned spawned, Launched launched) {
  plugins::PluginHost::Command command;
  command.program = places_.program;
  command.plugin = places_.plugin;
  command.socket = places_.socket_dir + "/" + std::to_string(op) + ".sock";
  std::string directory = places_.data_dir + "/" + id;
  UniqueFd host_log(
      open((directory + "/host.log").c_str(), O_CREAT | O_WRONLY | O_APPEND | O_CLOEXEC, 0600));
  command.log = host_log.get();
  auto link = plugins::PluginHost::spawn(loop_, command, events_of(id));
  if (!link) return launched(fail(std::move(link.error())));
  auto host = std::make_unique<Host>();
  host->link = std::move(*link);
  host->known = {host->link->pid(), command.socket, process_start_time(host->link->pid())};
  model::RuntimeHost known = host->known;
  hosts_[id] = std::move(host);
  Json config = {{places_.subject, id},
                 {"runDir", places_.socket_dir},
                 {"logDir", directory},
                 {"log", {{"maxBytes", kLogBytes}, {"maxFiles", kLogFiles}}}};
  spawned(known, [this, id, config, known, launched] {
    auto found = hosts_.find(id);
    if (found == hosts_.end()) return launched(fail(Code::kUnavailable, "the host has ended"));
    found->second->link->start(config, [known, launched](const Status& started) {
      launched(started ? Result<model::RuntimeHost>(known) : fail(started.error()));
    });
  });
}

void RuntimeHosts::adopt(const std::string& id, const model::RuntimeHost& known,
                         std::function<void(Status)> adopted) {
  // Of a host that doesn't answer at all nothing may be left running.
  auto events = events_of(id);
  auto once = std::make_shared<std::function<void(Status)>>(std::move(adopted));
  auto answer = [once](Status status) {
    if (auto call = std::exchange(*once, nullptr)) call(std::move(status));
  };
  events.ready = [answer](const plugins::HostIdentity&) { answer({}); };
  events.ended = [this, id, answer, once](const plugins::HostEnd& end) {
    bool early = static_cast<bool>(*once);
    if (early) {
      forget(id);
      return answer(fail(Code::kUnavailable, end.how));
    }
    lost(id, end.how);
  };
  auto link = plugins::PluginHost::adopt(loop_, known.socket, std::move(events));
  if (!link) return end_unreachable(known, [answer, error = link.error()] { answer(fail(error)); });
  auto host = std::make_unique<Host>();
  host->link = std::move(*link);
  host->known = known;
  hosts_[id] = std::move(host);
}

// Its socket is gone or nobody accepts on it any more, but the process may live, and its VM with
// the container's disk. Held by a descriptor first and looked at then, it can't be another's.
void RuntimeHosts::end_unreachable(const model::RuntimeHost& known, std::function<void()> then) {
  auto pid = static_cast<pid_t>(known.pid);
  auto pidfd = open_pidfd(pid);
  bool same = pidfd && known.start_time != 0 && process_start_time(pid) == known.start_time;
  if (!same) return then();
  log::warning("the host " + std::to_string(pid) + " can't be reached and is killed");
  if (auto killed = signal_pidfd(pidfd->get(), SIGKILL); !killed) return then();
  ending_[pid] = std::make_unique<loop::ChildWatch>(
      loop_, std::move(*pidfd), [this, pid, then = std::move(then)](const loop::ChildEnd&) {
        auto watch = ending_.extract(pid);
        then();
      });
}

void RuntimeHosts::end_orphan(const std::string& socket) {
  auto holder = std::make_shared<std::unique_ptr<plugins::PluginHost>>();
  plugins::PluginHost::Events events;
  events.ended = [holder, socket](const plugins::HostEnd&) {
    unlink(socket.c_str());
    auto gone = std::move(*holder);
  };
  auto link = plugins::PluginHost::adopt(loop_, socket, std::move(events));
  if (!link) {
    unlink(socket.c_str());
    return;
  }
  *holder = std::move(*link);
  (*holder)->stop();
}

void RuntimeHosts::ask_once(const std::string& name, const std::string& method, const Json& request,
                            std::vector<UniqueFd> fds, Answer done) {
  struct Probing {
    std::unique_ptr<plugins::PluginHost> link;
    Answer done;
    std::string directory;
    std::vector<UniqueFd> fds;
    void finish(Result<Json> result) {
      std::error_code error;
      std::filesystem::remove_all(directory, error);
      if (auto call = std::exchange(done, nullptr)) call(std::move(result));
    }
  };
  auto probing = std::make_shared<Probing>();
  probing->done = std::move(done);
  probing->fds = std::move(fds);
  probing->directory = places_.socket_dir + "/" + name;
  std::error_code error;
  std::filesystem::create_directories(probing->directory, error);
  plugins::PluginHost::Command command;
  command.program = places_.program;
  command.plugin = places_.plugin;
  plugins::PluginHost::Events events;
  events.ended = [probing](const plugins::HostEnd& end) {
    probing->finish(fail(Code::kUnavailable, "the host " + end.how));
    auto gone = std::move(probing->link);
  };
  auto link = plugins::PluginHost::spawn(loop_, command, std::move(events));
  if (!link) return probing->finish(fail(std::move(link.error())));
  probing->link = std::move(*link);
  Json config = {{"container", name},
                 {"runDir", probing->directory},
                 {"logDir", probing->directory},
                 {"log", {{"maxBytes", kLogBytes}, {"maxFiles", 1}}}};
  probing->link->start(config, [probing, method, request](const Status& started) {
    if (!started) return probing->finish(fail(started.error()));
    probing->link->call(unjournaled_op(), method, request, std::move(probing->fds),
                        [probing](Result<Json> result, const std::vector<UniqueFd>&) {
                          give([&](Result<Json> verdict) { probing->finish(std::move(verdict)); },
                               std::move(result));
                          if (probing->link) probing->link->stop();
                        });
  });
}

PluginPort* RuntimeHosts::find(const std::string& id) {
  auto found = hosts_.find(id);
  return found == hosts_.end() ? nullptr : found->second.get();
}

void RuntimeHosts::ack(const std::string& id, uint64_t report) {
  if (auto found = hosts_.find(id); found != hosts_.end()) found->second->link->ack(report);
}

void RuntimeHosts::dismiss(const std::string& id) {
  auto found = hosts_.find(id);
  if (found == hosts_.end() || std::exchange(found->second->dismissed, true)) return;
  found->second->link->stop();
}

void RuntimeHosts::kill(const std::string& id) {
  auto found = hosts_.find(id);
  if (found == hosts_.end()) return;
  found->second->dismissed = true;
  found->second->link->kill();
}

void RuntimeHosts::when_gone(const std::string& id, std::function<void()> then) {
  if (!hosts_.contains(id)) return then();
  waiting_[id].push_back(std::move(then));
}

std::vector<std::string> RuntimeHosts::ids() const {
  std::vector<std::string> all;
  for (const auto& [id, host] : hosts_) all.push_back(id);
  return all;
}

void RuntimeHosts::forget(const std::string& id) {
  auto found = hosts_.find(id);
  if (found == hosts_.end()) return;
  unlink(found->second->known.socket.c_str());
  hosts_.erase(found);
}

void RuntimeHosts::lost(const std::string& id, const std::string& how) {
  auto found = hosts_.find(id);
  if (found == hosts_.end()) return;
  bool dismissed = found->second->dismissed;
  forget(id);
  events_.gone(id, dismissed, how);
  auto waiting = waiting_.extract(id);
  if (waiting.empty()) return;
  std::vector<std::function<void()>>& all = waiting.mapped();
  for (size_t i = 0; i < all.size(); ++i) {
    // One of them has started the container again: the others wait for that host's end.
    if (hosts_.contains(id)) {
      auto& again = waiting_[id];
      again.insert(again.begin(), std::make_move_iterator(all.begin() + std::ptrdiff_t(i)),
                   std::make_move_iterator(all.end()));
      return;
    }
    all[i]();
  }
}

}  // namespace bulkhead::engine
