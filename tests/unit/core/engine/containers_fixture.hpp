// Containers with a real journal, and hosts and storage that do what the test says.
#pragma once

#include <signal.h>
#include <sys/resource.h>

#include <filesystem>
#include <fstream>
#include <optional>

#include "core/engine/containers.hpp"
#include "core/engine/images.hpp"
#include "core/engine/volumes.hpp"
#include "fake_hosts.hpp"
#include "model/facts.hpp"

namespace bulkhead::engine {

// Every container has as many networks as the test gives it descriptors for.
class FakeNetworks : public NetworkPort {
 public:
  void join(const std::string& id, Joined joined) override {
    members.insert(id);
    if (refusal) return joined(fail(*refusal));
    joined(std::vector<UniqueFd>());
  }
  void confirm(const std::string& id) override { confirmed.insert(id); }
  void leave(const std::string& id, std::function<void()> left) override {
    members.erase(id);
    left();
  }
  std::set<std::string> members;
  std::set<std::string> confirmed;
  std::optional<Error> refusal;
};

class ContainersTest : public LedgerTest {
 protected:
  ContainersTest() {
    std::ofstream(directory_ + "/vmlinux") << "a kernel";
    hosts_.gone = [this](const std::string& id, bool dismissed, const std::string& how) {
      containers_.host_gone(id, dismissed, how);
    };
  }
  ~ContainersTest() override { make_room(); }

  const model::State& state() const { return ledger_->state(); }
  const model::ContainerState& container(const std::string& id = "web") const {
    return state().containers.at(id);
  }

  model::Seq open(const std::string& type, Json data, const std::string& id = "web") {
    auto events = ledger_->record_sync({model::intent("container/" + id, type, std::move(data))});
    EXPECT_TRUE(events) << events.error().message;
    return events->front().seq;
  }
  void happened(const std::string& type, Json data, const std::string& id = "web") {
    EXPECT_TRUE(ledger_->record_sync({model::fact("container/" + id, type, std::move(data))}));
  }
  void succeeded(model::Seq op, Json result = Json::object()) {
    model::Operation operation = *state().operation(op);
    EXPECT_TRUE(ledger_->record_sync({model::outcome_ok(operation, std::move(result))}));
  }
  void make(const std::string& id = "web", bool auto_remove = false) {
    succeeded(open("container.create",
                   {{"configuration", {{"id", id}}}, {"autoRemove", auto_remove}}, id));
    std::filesystem::create_directories(directory_ + "/containers/" + id);
  }
  // As an earlier daemon has left it: up, its host known.
  model::Seq begin_start(const std::string& id = "web") {
    model::Seq op = open("container.start", {{"run", 1}}, id);
    happened("container.host-started",
             {{"op", op}, {"hostPid", 77}, {"hostSocket", "/run/" + id + ".sock"}}, id);
    return op;
  }
  void make_running(const std::string& id = "web") {
    make(id);
    succeeded(begin_start(id), {{"pid", 12}});
  }

  bool settle(const std::function<bool()>& done) {
    return LedgerTest::settle([&] {
      hosts_.end_the_killed();
      return done();
    });
  }
  void answer_storage(const Json& result = Json::object()) {
    for (auto& call : std::exchange(storage_.calls, {})) give(call.answer, result);
  }

  Answer into(std::optional<Result<Json>>& place) {
    return [&place](Result<Json> result) { place = std::move(result); };
  }
  // Until the container's host is asked to make the VM.
  void boot(std::optional<Result<Json>>& started, const std::string& id = "web") {
    containers_.start({id, false, false, {}, {}, {}}, {}, into(started));
    ASSERT_TRUE(settle([&] { return hosts_.asked(id, "runtime.create") != nullptr; }));
  }
  void run(const std::string& id = "web") {
    std::optional<Result<Json>> started;
    boot(started, id);
    hosts_.answer(id, "runtime.create", Json::object());
    hosts_.answer(id, "runtime.start", Json{{"pid", 12}});
    ASSERT_TRUE(settle([&] { return started.has_value(); }));
    ASSERT_TRUE(*started) << started->error().message;
  }

  // From now on the journal's file can't grow: the disk is full.
  void fill_disk() {
    signal(SIGXFSZ, SIG_IGN);
    rlimit limit{};
    getrlimit(RLIMIT_FSIZE, &limit);
    limit.rlim_cur = std::filesystem::file_size(directory_ + "/journal.db-wal");
    ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &limit), 0);
  }
  void make_room() {
    rlimit limit{};
    getrlimit(RLIMIT_FSIZE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_FSIZE, &limit);
  }

  FakeHosts hosts_;
  ScriptedPlugin storage_;
  Answer probed_;  // of an accelerator that takes its time
  bool slow_probe_ = false;
  bool kvm_usable_ = false;
  Accelerator accelerator_{*ledger_,
                           [this](Answer done) {
                             if (slow_probe_) return void(probed_ = std::move(done));
                             done(Json{{"usable", kvm_usable_}, {"reason", "a test"}});
                           },
                           [] { return std::string("a kernel and an init"); }};
  Kernels kernels_{*operations_, {directory_ + "/kernels", directory_ + "/vmlinux", "amd64"}, {}};
  ScriptedPlugin registry_;
  Images images_{*operations_, storage_, registry_, {{"os", "linux"}, {"architecture", "amd64"}}};
  FakeNetworks networks_;
  Volumes volumes_{*operations_, storage_};
  loop::Loop loop_;
  std::vector<Json> wanted_templates_;  // what was to be built; nobody builds it
  Templates templates_{
      {loop_, *ledger_, directory_ + "/templates",
       [](const std::function<void()>& blocking, const std::function<void()>& then) {
         blocking();
         then();
       },
       [this](const Json& request, const std::vector<UniqueFd>&, const Answer&) {
         wanted_templates_.push_back(request);
       },
       [] { return Json(); }}};
  Containers containers_{{*operations_, storage_, hosts_, accelerator_, kernels_, networks_,
                          volumes_, templates_, directory_ + "/containers", "/initramfs",
                          Json{{"os", "linux"}, {"architecture", "amd64"}}}};
};

}  // namespace bulkhead::engine
