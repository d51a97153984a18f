// When the host's resolver is there, what it is told, and what its troubles cost.
#include "core/engine/host_names.hpp"

#include "ledger_fixture.hpp"
#include "model/dns_decide.hpp"
#include "model/facts.hpp"

namespace bulkhead::engine {
namespace {

// Started and stopped when the test says so.
class FakeService : public ServicePort {
 public:
  void start(std::function<void(Status)> started) override {
    starts++;
    starting = std::move(started);
  }
  void on_restarted(std::function<void()> handler) override { restarted = std::move(handler); }
  void stop(std::function<void()> stopped) override { stopping = std::move(stopped); }
  void call(uint64_t, const std::string& method, const Json& request, std::vector<UniqueFd>,
            Answer answer) override {
    EXPECT_EQ(method, "names.serve");
    asked.push_back(request);
    answers.push_back(std::move(answer));
  }
  void cancel(uint64_t) override {}

  void answer(const Result<Json>& result = Json::object()) {
    ASSERT_EQ(answers.size(), 1u) << "it is told one thing after the other";
    auto call = std::move(answers.front());
    answers.clear();
    give(call, result);
  }
  void finish_start() { std::exchange(starting, nullptr)({}); }
  void finish_stop() { std::exchange(stopping, nullptr)(); }

  int starts = 0;
  std::function<void(Status)> starting;
  std::function<void()> restarted, stopping;
  std::vector<Json> asked;
  std::vector<Answer> answers;
};

class HostNamesTest : public LedgerTest {
 protected:
  bool settle(const std::function<bool()>& done) {
    return LedgerTest::settle([&] {
      loop_.run_once();
      return done();
    });
  }
  // What has been decided has been acted on: nothing else is under way in these tests.
  void rest() {
    for (int i = 0; i < 3; i++) {
      ledger_->drain();
      loop_.run_once();
    }
  }
  void record(std::vector<model::NewEvent> events) {
    bool committed = false;
    ledger_->record(std::move(events), [&](const auto& result) { committed = bool(result); });
    ASSERT_TRUE(settle([&] { return committed; }));
    rest();
  }
  void create_domain(const char* domain) {
    record({model::fact(std::string("dns/") + domain, "dns.created", Json::object())});
  }
  void set_port(const char* port) {
    record({model::fact("property/dns.host-port", "property.set",
                        {{"key", "dns.host-port"}, {"value", port}})});
  }
  void begin_serving() {
    names_.begin();
    create_domain("test");
    service_.finish_start();
    service_.answer();
  }
  std::string state() const { return names_.describe()["state"]; }

  loop::Loop loop_;
  FakeService service_;
  HostNames names_{loop_, *ledger_, service_};
};

TEST_F(HostNamesTest, ComesWithTheFirstDomainAndGoesWithTheLast) {
  names_.begin();
  rest();
  EXPECT_EQ(service_.starts, 0);
  EXPECT_EQ(state(), "idle");
  create_domain("test");
  EXPECT_EQ(service_.starts, 1);
  EXPECT_EQ(state(), "starting");
  service_.finish_start();
  ASSERT_EQ(service_.asked.size(), 1u);
  EXPECT_EQ(service_.asked[0]["zones"], (Json{"test"}));
  EXPECT_EQ(service_.asked[0]["address"], "127.0.0.1");
  EXPECT_EQ(service_.asked[0]["port"], 2053);
  service_.answer();
  EXPECT_EQ(names_.describe(), (Json{{"address", "127.0.0.1:2053"}, {"state", "serving"}}));
  record({model::fact("dns/test", "dns.deleted", Json::object())});
  ASSERT_TRUE(service_.stopping);
  create_domain("again");
  EXPECT_EQ(service_.starts, 1) << "not before the former has ended";
  service_.finish_stop();
  EXPECT_EQ(service_.starts, 2);
}

TEST_F(HostNamesTest, IsToldOfWhatHasChangedAndOfNothingElse) {
  begin_serving();
  record({model::fact("property/container.cpus", "property.set",
                      {{"key", "container.cpus"}, {"value", "1"}})});
  record({model::fact("property/dns.host-port", "property.cleared", {{"key", "dns.host-port"}})});
  EXPECT_EQ(service_.asked.size(), 1u);
  create_domain("second");
  ASSERT_EQ(service_.asked.size(), 2u);
  create_domain("third");
  create_domain("fourth");
  EXPECT_EQ(service_.asked.size(), 2u) << "one thing after the other";
  service_.answer();
  ASSERT_EQ(service_.asked.size(), 3u);
  EXPECT_EQ(service_.asked[2]["zones"], (Json{"fourth", "second", "test", "third"}));
}

TEST_F(HostNamesTest, Port0IsOff) {
  begin_serving();
  set_port("0");
  ASSERT_TRUE(service_.stopping);
  service_.finish_stop();
  EXPECT_EQ(names_.describe(), (Json{{"address", ""}, {"state", "off"}}));
  set_port("5300");
  EXPECT_EQ(service_.starts, 2);
  service_.finish_start();
  EXPECT_EQ(service_.asked.back()["port"], 5300);
}

TEST_F(HostNamesTest, ABusyPortIsAProblemUntilItIsFree) {
  names_.begin();
  create_domain("test");
  service_.finish_start();
  service_.answer(fail(Code::kConflict, "127.0.0.1:2053/udp is already in use on this host"));
  EXPECT_EQ(state(), "failing");
  EXPECT_EQ(names_.describe()["problem"], "127.0.0.1:2053/udp is already in use on this host");
  ASSERT_TRUE(settle([&] { return service_.asked.size() == 2; })) << "tried again";
  service_.answer();
  EXPECT_EQ(state(), "serving");
  EXPECT_FALSE(names_.describe().contains("problem"));
}

TEST_F(HostNamesTest, WhatHasCrashedIsToldAllAnew) {
  begin_serving();
  const Json before = service_.asked.back();
  service_.restarted();
  ASSERT_EQ(service_.asked.size(), 2u);
  EXPECT_EQ(service_.asked.back(), before);
  // One that crashes while it is told: nobody asks it before it is back.
  service_.answer(fail(Code::kUnavailable, "the host was killed"));
  rest();
  EXPECT_EQ(service_.asked.size(), 2u);
  EXPECT_EQ(state(), "failing");
  service_.restarted();
  service_.answer();
  EXPECT_EQ(state(), "serving");
}

TEST_F(HostNamesTest, SettledIsWhenItHasBeenToldOrCantBe) {
  int settled = 0;
  const auto count = [&] { ++settled; };
  names_.begin();
  names_.when_settled(count);
  rest();
  EXPECT_EQ(settled, 1) << "nothing is to be told";
  create_domain("test");
  names_.when_settled(count);
  rest();
  service_.finish_start();
  rest();
  EXPECT_EQ(settled, 1);
  service_.answer(fail(Code::kConflict, "busy"));
  EXPECT_EQ(settled, 2);
  names_.when_settled(count);
  rest();
  service_.answer();
  EXPECT_EQ(settled, 3);
}

TEST_F(HostNamesTest, ClosesWhateverIsUnderWay) {
  bool closed = false;
  names_.begin();
  create_domain("test");
  names_.close([&] { closed = true; });
  EXPECT_FALSE(closed);
  service_.finish_start();
  EXPECT_TRUE(service_.asked.empty()) << "there is nothing to be told any more";
  ASSERT_TRUE(service_.stopping);
  service_.finish_stop();
  EXPECT_TRUE(closed);
  create_domain("late");
  EXPECT_EQ(service_.starts, 1);
}

TEST_F(HostNamesTest, ClosesAtOnceIfItIsNotThere) {
  bool closed = false;
  names_.close([&] { closed = true; });
  EXPECT_TRUE(closed);
}

}  // namespace
}  // namespace bulkhead::engine
