#include "engine.hpp"

#include <signal.h>
#include <unistd.h>

#include <cstdlib>

#include "bulkhead/version.hpp"
#include "core/loop/work.hpp"
#include "log.hpp"
#include "model/facts.hpp"
#include "model/guest_bodies.hpp"

namespace bulkhead::engine {
namespace {

constexpr uint64_t kUpkeepMs = 1000;

Json daemon_started(const Paths& paths, bool clean) {
  return {{"version", kVersion}, {"commit", kCommit},        {"pid", getpid()},
          {"uid", getuid()},     {"bootId", host_boot_id()}, {"dataRoot", paths.data},
          {"recovered", !clean}};
}

// For tests of recovery: BULKHEAD_CRASH_AT_COMMIT=n kills the daemon right after its n-th commit,
// before anybody acts on it. 0: never.
int64_t crash_point() {
  const char* text = getenv("BULKHEAD_CRASH_AT_COMMIT");
  return text ? strtoll(text, nullptr, 10) : 0;
}

std::string plugin_file(const Install& install, const char* name) {
  return install.plugins() + "/" + name + ".so";
}

}  // namespace

Json host_platform() {
#if defined(__x86_64__)
  return {{"os", "linux"}, {"architecture", "amd64"}};
#elif defined(__aarch64__)
  return {{"os", "linux"}, {"architecture", "arm64"}};
#else
#error "Bulkhead runs on x86_64 and arm64 hosts"
#endif
}

Result<std::unique_ptr<Engine>> Engine::open(loop::Loop& loop, Paths paths, Install install) {
  // The writer thread wakes the loop through this handle; where it leads is known once the engine
  // is.
  auto target = std::make_shared<Engine*>(nullptr);
  auto committed = std::make_unique<loop::Async>(loop, [target] {
    if (*target) (*target)->ledger_->drain();
  });
  store::Journal::Options options;
  options.path = paths.data + "/journal.db";
  options.notify = [async = committed.get(), crash = crash_point()]() mutable {
    if (crash > 0 && --crash == 0) ::kill(getpid(), SIGKILL);
    async->send();
  };
  auto journal = store::Journal::open(std::move(options));
  if (!journal) return fail(Error(journal.error()).context("open the journal"));
  bool clean = (*journal)->clean();
  auto projections = store::StateDb::open(paths.data + "/state.db", (*journal)->uuid());
  if (!projections) return fail(Error(projections.error()).context("open state.db"));
  auto ledger = store::Ledger::open(std::move(*journal), std::move(*projections));
  if (!ledger) return fail(Error(ledger.error()).context("fold the journal"));
  auto started = (*ledger)->record_sync(
      {model::fact("daemon/main", "daemon.started", daemon_started(paths, clean))});
  if (!started) return fail(Error(started.error()).context("journal the start"));
  std::unique_ptr<Engine> engine(new Engine(loop, std::move(paths), std::move(install),
                                            std::move(*ledger), std::move(committed), clean));
  *target = engine.get();
  return engine;
}

Engine::Engine(loop::Loop& loop, Paths paths, Install install,
               std::unique_ptr<store::Ledger> ledger, std::unique_ptr<loop::Async> committed,
               bool clean)
    : loop_(loop),
      paths_(std::move(paths)),
      install_(std::move(install)),
      committed_(std::move(committed)),
      ledger_(std::move(ledger)),
      clean_(clean),
      operations_(*ledger_),
      storage_(loop_, *ledger_,
               {"storage-local",
                install_.plugin_host(),
                plugin_file(install_, "storage-local"),
                {{"root", paths_.data + "/storage"}, {"hostPlatform", host_platform()}}}),
      registry_(loop_, *ledger_,
                {"registry",
                 install_.plugin_host(),
                 plugin_file(install_, "registry"),
                 {{"root", paths_.data + "/registry"},
                  {"config", paths_.config + "/registries.toml"},
                  {"userAgent", std::string("container/") + kVersion}},
                 true}),
      names_(loop_, *ledger_,
             {"host-names", install_.plugin_host(), plugin_file(install_, "host-names"),
              Json::object(), false, "not needed"}),
      hosts_(loop_, {plugin_file(install_, "runtime-qemu"), install_.plugin_host(),
                     paths_.run + "/hosts", paths_.data + "/containers"}),
      network_hosts_(loop_, {plugin_file(install_, "network-slirp"), install_.plugin_host(),
                             paths_.run + "/networks", paths_.data + "/networks", "network"}),
      accelerator_(
          *ledger_, [this](Answer done) { probe(std::move(done)); },
          [this] {
            auto kernel = kernels_.current();
            return file_identity(kernel.value_or("")) + "/" +
                   file_identity(install_.share() + "/initramfs.cpio");
          }),
      kernels_(operations_,
               {paths_.data + "/kernels", install_.share() + "/vmlinux",
                host_platform()["architecture"]},
               [this](std::function<void()> blocking, std::function<void()> then) {
                 work(std::move(blocking), std::move(then));
               }),
      images_(operations_, storage_, registry_, host_platform()),
      registries_(operations_, registry_),
      networks_({loop_, *ledger_, network_hosts_, hosts_, paths_.data + "/networks",
                 paths_.run + "/networks"}),
      host_names_(loop_, *ledger_, names_),
      volumes_(operations_, storage_),
      templates_({loop_, *ledger_, paths_.data + "/templates",
                  [this](std::function<void()> blocking, std::function<void()> then) {
                    work(std::move(blocking), std::move(then));
                  },
                  [this](const Json& request, std::vector<UniqueFd> fds, Answer done) {
                    hosts_.ask_once("template", "runtime.template", request, std::move(fds),
                                    std::move(done));
                  },
                  [this] { return usual_machine(); }}),
      containers_({operations_, storage_, hosts_, accelerator_, kernels_, networks_, volumes_,
                   templates_, paths_.data + "/containers", install_.share() + "/initramfs.cpio",
                   host_platform()}) {
  hosts_.set_events(
      {[this](const std::string& id, uint64_t report, const std::string& type, const Json& data) {
         containers_.host_reported(id, report, type, data);
       },
       [this](const std::string& id, bool dismissed, const std::string& how) {
         containers_.host_gone(id, dismissed, how);
       },
       [this](const std::string& id, uint64_t op, const Result<Json>& result) {
         containers_.host_completed(id, op, result);
       }});
  network_hosts_.set_events(
      {[this](const std::string& name, uint64_t report, const std::string&, const Json&) {
         network_hosts_.ack(name, report);  // they have nothing to tell yet
       },
       [this](const std::string& name, bool dismissed, const std::string& how) {
         networks_.host_gone(name, dismissed, how);
       },
       [](const std::string&, uint64_t, const Result<Json>&) {}});
  storage_.on_restarted([this] {
    images_.collect({}, [](const Result<Json>& collected) {
      if (!collected)
        log::warning("collection after the crash of storage: " + collected.error().message);
    });
  });
  upkeep_ = std::make_unique<loop::Timer>(loop_, [this] {
    operations_.retry();
    containers_.upkeep();
  });
  upkeep_->start(kUpkeepMs, kUpkeepMs);
}

Engine::~Engine() = default;

void Engine::work(std::function<void()> blocking, std::function<void()> then) {
  loop::run_blocking(loop_, std::move(blocking), std::move(then));
}

void Engine::recover(std::function<void()> done) {
  storage_.start([this, done = std::move(done)](const Status& started) {
    // Without storage nothing can be made or deleted, but what runs can be seen and stopped: serve
    // all the same.
    if (!started) log::error("the storage plugin: " + started.error().message);
    Recovery::Parts parts{*ledger_, operations_,           containers_, images_, kernels_,
                          hosts_,   paths_.run + "/hosts", clean_,      volumes_};
    std::make_shared<Recovery>(std::move(parts), [this, done] {
      networks_.recover([this, done] {
        host_names_.begin();
        done();
        // So that the first run needn't wait.
        accelerator_.verdict([this](const std::string&) { templates_.prepare(); });
      });
    })->begin();
  });
}

// A host of its own that ends with the answer: a QEMU that hangs under KVM is killed with it.
void Engine::probe(Answer done) {
  auto kernel = kernels_.current();
  if (!kernel) return done(fail(std::move(kernel.error())));
  hosts_.ask_once("probe", "runtime.probe",
                  {{"kernel", *kernel}, {"initramfs", install_.share() + "/initramfs.cpio"}}, {},
                  std::move(done));
}

Json Engine::usual_machine() const {
  auto kernel = kernels_.current();
  const model::Accelerator* verdict = accelerator_.known();
  if (!kernel || !verdict) return nullptr;
  return model::usual_machine(
      state(), {verdict->usable ? "kvm" : "tcg", *kernel, install_.share() + "/initramfs.cpio"});
}

void Engine::stop_plugins(std::function<void()> done) {
  host_names_.close(
      [this, done = std::move(done)] { registry_.stop([this, done] { storage_.stop(done); }); });
}

void Engine::shut_down(bool stop_containers, const model::Origin& origin,
                       std::function<void()> done) {
  auto end_plugins = [this, stop_containers, done = std::move(done)] {
    stop_plugins([this, stop_containers, done] {
      auto stopped = ledger_->record_sync(
          {model::fact("daemon/main", "daemon.stopped",
                       {{"reason", stop_containers ? "system stop" : "signal"}})});
      if (!stopped) log::warning("the end is not journaled: " + stopped.error().message);
      ledger_->flush();
      done();
    });
  };
  auto end = [this, stop_containers, end_plugins = std::move(end_plugins)] {
    networks_.close(stop_containers, end_plugins);
  };
  templates_.close();
  containers_.close([this, stop_containers, origin, end = std::move(end)] {
    if (!stop_containers) return end();
    containers_.stop_all(origin, end);
  });
}

}  // namespace bulkhead::engine
