// Networks with a real journal, and hosts that do what the test says.
#include "core/engine/networks.hpp"

#include <fcntl.h>

#include <optional>

#include "fake_hosts.hpp"
#include "model/container_decide.hpp"
#include "model/facts.hpp"

namespace bulkhead::engine {
namespace {

class NetworksTest : public LedgerTest {
 protected:
  NetworksTest() {
    hosts_.gone = [this](const std::string& name, bool dismissed, const std::string& how) {
      networks_.host_gone(name, dismissed, how);
    };
  }
  const model::State& state() const { return ledger_->state(); }
  bool settle(const std::function<bool()>& done) {
    return LedgerTest::settle([&] {
      uv_run(loop_.raw(), UV_RUN_NOWAIT);
      hosts_.end_the_killed();
      return done();
    });
  }
  Answer into(std::optional<Result<Json>>& place) {
    return [&place](Result<Json> result) { place = std::move(result); };
  }
  Json must(const std::function<void(Answer)>& command) {
    std::optional<Result<Json>> answer;
    command(into(answer));
    EXPECT_TRUE(settle([&] { return answer.has_value(); }));
    EXPECT_TRUE(answer && *answer) << (answer ? (*answer).error().message : "no answer");
    return answer && *answer ? **answer : Json();
  }
  void make_network(const std::string& name) {
    must([&](Answer done) {
      model::CreateNetwork command;
      command.name = name;
      networks_.create(command, {}, std::move(done));
    });
  }
  void make_container(const std::string& id, const std::vector<std::string>& networks) {
    Json configuration = {
        {"id", id}, {"networks", Json::array()}, {"publishedPorts", {{{"hostPort", 80}}}}};
    for (const std::string& name : networks)
      configuration["networks"].push_back(
          {{"network", name}, {"options", {{"hostname", id}, {"aliases", {"db"}}}}});
    auto decision = model::decide_create(state(), {id, configuration, false, "sha256:aa"}, {});
    ASSERT_TRUE(decision) << decision.error().message;
    auto events = ledger_->record_sync(*decision);
    ASSERT_TRUE(ledger_->record_sync(
        {model::outcome_ok(*state().operation(events->front().seq), Json::object())}));
  }
  // Its runtime host, as the journal knows it.
  void make_running(const std::string& id) {
    auto intent =
        ledger_->record_sync({model::intent("container/" + id, "container.start", {{"run", 1}})});
    ASSERT_TRUE(ledger_->record_sync(
        {model::fact("container/" + id, "container.host-started",
                     {{"op", intent->front().seq}, {"hostPid", 7}, {"hostSocket", "/s"}})}));
    ASSERT_TRUE(ledger_->record_sync(
        {model::outcome_ok(*state().operation(intent->front().seq), {{"pid", 3}})}));
    runtimes_.hosts[id];
  }
  static std::vector<UniqueFd> descriptors(size_t count) {
    std::vector<UniqueFd> fds;
    for (size_t i = 0; i < count; ++i) fds.emplace_back(open("/dev/null", O_RDONLY | O_CLOEXEC));
    return fds;
  }
  void expect_asked(FakeHosts& hosts, const std::string& host, const std::string& method) {
    ASSERT_TRUE(settle([&] { return hosts.asked(host, method) != nullptr; })) << method;
  }
  void answer(const std::string& host, const std::string& method,
              Result<Json> result = Json::object(), size_t fds = 0) {
    expect_asked(hosts_, host, method);
    hosts_.hosts.at(host).to_give = descriptors(fds);
    hosts_.answer(host, method, std::move(result));
  }
  void begin_join(const std::string& id, std::vector<UniqueFd> cables = {}) {
    joined_.reset();
    networks_.join(id, std::move(cables),
                   [this](Result<std::vector<UniqueFd>> links) { joined_ = std::move(links); });
  }
  void join(const std::string& id, const std::string& network) {
    begin_join(id);
    if (created_.insert(network).second) answer(network, "network.create", Json{{"tap", ""}});
    answer(network, "network.attach", Json::object(), 2);
    ASSERT_TRUE(joined_ && *joined_);
  }
  void leave(const std::string& id, const std::string& network) {
    bool left = false;
    networks_.leave(id, [&] { left = true; });
    EXPECT_FALSE(left);
    answer(network, "network.detach");
    EXPECT_TRUE(left);
  }

  loop::Loop loop_;
  FakeHosts hosts_;
  FakeHosts runtimes_;
  Networks networks_{
      {loop_, *ledger_, hosts_, runtimes_, directory_ + "/networks", directory_ + "/run"}};
  std::optional<Result<std::vector<UniqueFd>>> joined_;
  std::set<std::string> created_;  // networks whose first host has been made
};

TEST_F(NetworksTest, AContainerWithoutNetworksNeedsNone) {
  make_container("web", {});
  begin_join("web");
  ASSERT_TRUE(joined_ && *joined_);
  EXPECT_TRUE((*joined_)->empty());
  EXPECT_TRUE(hosts_.hosts.empty());
}

TEST_F(NetworksTest, TheHostComesWithTheFirstMember) {
  make_network("inner");
  make_network("outer");
  make_container("web", {"inner", "outer"});
  begin_join("web");
  expect_asked(hosts_, "inner", "network.create");
  EXPECT_TRUE(state().networks.at("inner").host);
  answer("inner", "network.create", Json{{"tap", "bh-inner"}});
  expect_asked(hosts_, "inner", "network.attach");
  Json request = hosts_.asked("inner", "network.attach")->request;
  EXPECT_EQ(request["names"], (Json{"web", "db"}));
  EXPECT_EQ(request["ports"].size(), 1U);
  EXPECT_EQ(request["ipv4"], state().container("web")->leases[0].ipv4);
  answer("inner", "network.attach", Json::object(), 2);
  answer("outer", "network.create", Json{{"tap", ""}});
  expect_asked(hosts_, "outer", "network.attach");
  EXPECT_TRUE(hosts_.asked("outer", "network.attach")->request["ports"].empty());
  answer("outer", "network.attach", Json::object(), 2);
  ASSERT_TRUE(joined_ && *joined_);
  EXPECT_EQ((*joined_)->size(), 4U);
  EXPECT_TRUE(settle([&] { return state().networks.at("inner").tap == "bh-inner"; }));
}

TEST_F(NetworksTest, AMachineThatIsThereBringsItsCables) {
  make_network("inner");
  make_container("web", {"inner"});
  begin_join("web", descriptors(1));
  answer("inner", "network.create", Json{{"tap", ""}});
  expect_asked(hosts_, "inner", "network.attach");
  EXPECT_EQ(hosts_.asked("inner", "network.attach")->request["restore"], true);
  answer("inner", "network.attach");
  ASSERT_TRUE(joined_ && *joined_);
  EXPECT_TRUE((*joined_)->empty());
}

TEST_F(NetworksTest, AFailureLeavesItAMemberOfNone) {
  make_network("a");
  make_network("b");
  make_container("web", {"a", "b"});
  begin_join("web");
  answer("a", "network.create");
  answer("a", "network.attach", Json::object(), 2);
  answer("b", "network.create");
  answer("b", "network.attach", fail(Code::kConflict, "port 80 is in use"));
  EXPECT_FALSE(joined_);
  answer("a", "network.detach");
  answer("b", "network.detach");
  ASSERT_TRUE(joined_);
  EXPECT_EQ(joined_->error().message, "join network b: port 80 is in use");
  bool left = false;
  networks_.leave("web", [&] { left = true; });
  EXPECT_TRUE(left);
}

TEST_F(NetworksTest, AHostThatCantBeMadeFailsTheJoin) {
  make_network("a");
  make_container("web", {"a"});
  begin_join("web");
  answer("a", "network.create", fail(Code::kUnsupported, "no libslirp"));
  ASSERT_TRUE(settle([&] { return joined_.has_value(); }));
  EXPECT_EQ(joined_->error().message, "network a: no libslirp");
}

TEST_F(NetworksTest, AHostThatDiesIsReplacedAndTakesItsMembersIn) {
  make_network("a");
  make_container("web", {"a"});
  join("web", "a");
  make_running("web");
  hosts_.end("a", false);
  answer("a", "network.create");
  expect_asked(runtimes_, "web", "runtime.links");
  runtimes_.hosts.at("web").to_give = descriptors(1);
  runtimes_.answer("web", "runtime.links", Json{{"networks", {"a"}}});
  expect_asked(hosts_, "a", "network.attach");
  EXPECT_EQ(hosts_.asked("a", "network.attach")->request["restore"], true);
  hosts_.answer("a", "network.attach", Json::object());
  leave("web", "a");
}

TEST_F(NetworksTest, AMemberThatWasStartingIsTakenInWhenItsMachineIsThere) {
  make_network("a");
  make_container("web", {"a"});
  join("web", "a");
  hosts_.end("a", false);
  answer("a", "network.create");
  make_running("web");
  networks_.confirm("web");
  expect_asked(runtimes_, "web", "runtime.links");
}

TEST_F(NetworksTest, JoiningAgainWaitsUntilTheLastRunHasLeft) {
  make_network("a");
  make_container("web", {"a"});
  join("web", "a");
  begin_join("web");
  expect_asked(hosts_, "a", "network.detach");
  EXPECT_EQ(hosts_.asked("a", "network.attach"), nullptr);
  answer("a", "network.detach");
  answer("a", "network.attach", Json::object(), 2);
  EXPECT_TRUE(joined_ && *joined_);
}

TEST_F(NetworksTest, NewDomainsAreToldToWhoAnswers) {
  make_network("a");
  make_container("web", {"a"});
  join("web", "a");
  must([&](Answer done) { networks_.create_domain("Test", "", {}, std::move(done)); });
  expect_asked(hosts_, "a", "network.configure");
  EXPECT_EQ(hosts_.asked("a", "network.configure")->request["domains"], (Json{"test"}));
}

TEST_F(NetworksTest, TheNextDaemonAdoptsItsHost) {
  make_network("a");
  make_container("web", {"a"});
  make_running("web");
  ASSERT_TRUE(ledger_->record_sync(
      {model::fact("network/a", "network.host-started", {{"hostPid", 9}, {"hostSocket", "/a"}})}));
  hosts_.adoptable.insert("a");
  bool done = false;
  networks_.recover([&] { done = true; });
  ASSERT_TRUE(settle([&] { return done; }));
  EXPECT_TRUE(state().networks.count("default"));
  expect_asked(hosts_, "a", "network.gc");
  EXPECT_EQ(hosts_.asked("a", "network.gc")->request["containers"], (Json{"web"}));
  leave("web", "a");
}

TEST_F(NetworksTest, TheNextDaemonReplacesAHostThatDied) {
  make_network("a");
  make_container("web", {"a"});
  make_running("web");
  ASSERT_TRUE(ledger_->record_sync(
      {model::fact("network/a", "network.host-started", {{"hostPid", 9}, {"hostSocket", "/a"}})}));
  bool done = false;
  networks_.recover([&] { done = true; });
  ASSERT_TRUE(settle([&] { return done; }));
  answer("a", "network.create");
  expect_asked(runtimes_, "web", "runtime.links");
}

TEST_F(NetworksTest, PruneDeletesWhatNobodyRefersTo) {
  make_network("a");
  make_network("b");
  make_container("web", {"a"});
  Json pruned = must([&](Answer done) { networks_.prune({}, std::move(done)); });
  EXPECT_EQ(pruned["deleted"], (Json{"b"}));
  std::optional<Result<Json>> refused;
  networks_.remove("a", {}, into(refused));
  ASSERT_TRUE(settle([&] { return refused.has_value(); }));
  EXPECT_EQ(refused->error().code, Code::kConflict);
}

TEST_F(NetworksTest, AtTheEndOfTheServiceHostsEndIfContainersDo) {
  make_network("a");
  make_container("web", {"a"});
  join("web", "a");
  bool closed = false;
  networks_.close(true, [&] { closed = true; });
  ASSERT_TRUE(settle([&] { return closed; }));
  EXPECT_TRUE(hosts_.hosts.empty());
  begin_join("web");
  ASSERT_TRUE(settle([&] { return joined_.has_value(); }));
  EXPECT_EQ(joined_->error().code, Code::kUnavailable);
}

}  // namespace
}  // namespace bulkhead::engine
