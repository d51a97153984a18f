// Parked machines, with hosts and storage that do what the test says, and a template that is there.
#include "core/engine/parking.hpp"

#include <gmock/gmock.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>

#include "fake_hosts.hpp"
#include "model/facts.hpp"

namespace bulkhead::engine {
namespace {

using testing::IsEmpty;
using testing::StartsWith;

Json machine(int cpus = 1) {
  return {{"accelerator", "tcg"},
          {"cpus", cpus},
          {"memoryBytes", 1 << 30},
          {"kernel", "/k"},
          {"initramfs", "/i"},
          {"imageDisk", "/image"},
          {"writableDisk", "/w"},
          {"networks", Json::array({{{"network", "n"}, {"mac", "02:00:00:00:00:01"}}})}};
}

class ParkingTest : public LedgerTest {
 protected:
  Templates::Parts template_parts() {
    return {loop_,
            *ledger_,
            directory_ + "/templates",
            [](const std::function<void()>& blocking, const std::function<void()>& then) {
              blocking();
              then();
            },
            [](const Json&, const std::vector<UniqueFd>& fds, const Answer& done) {
              EXPECT_EQ(write(fds.at(0).get(), "memory", 6), 6);
              EXPECT_EQ(write(fds.at(1).get(), "state", 5), 5);
              done(Json{{"recipe", "so"}, {"elapsedMs", 7}});
            },
            [] { return Json(); }};
  }
  bool until(const std::function<bool()>& done) {
    return settle([&] {
      hosts_.end_the_killed();
      loop_.run_once();
      return done();
    });
  }
  void make_template(const Json& of = machine()) {
    bool made = false;
    templates_.build(of, [&](const Result<Json>& result) { made = result.has_value(); });
    ASSERT_TRUE(until([&] { return made; }));
  }
  // The name of the host whose machine is being parked; its disks are there.
  std::string begun() {
    EXPECT_TRUE(until([&] { return !storage_.calls.empty(); }));
    auto asked = std::move(storage_.calls.front());
    storage_.calls.clear();
    EXPECT_EQ(asked.method, "storage.create");
    const std::string name = asked.request.at("container");
    give(asked.answer, Json{{"imageDisk", "/i.ext4"}, {"writableDisk", "/w.ext4"}});
    EXPECT_TRUE(hosts_.asked(name, "runtime.park")) << name;
    return name;
  }
  // Whether one is parked within half as long again as it usually takes to begin.
  bool begins() {
    const auto until = std::chrono::steady_clock::now() + std::chrono::milliseconds(1500);
    while (storage_.calls.empty() && std::chrono::steady_clock::now() < until)
      settle([&] {
        loop_.run_once();
        return true;
      });
    return !storage_.calls.empty();
  }
  std::string park() {
    parking_.wanted({machine(), "sha256:1", {{"os", "linux"}}});
    std::string name = begun();
    hosts_.hosts.at(name).to_give = cables();
    hosts_.answer(name, "runtime.park", Json{{"pid", 5}});
    return name;
  }
  static std::vector<UniqueFd> cables() {
    std::vector<UniqueFd> ends;
    int pair[2];
    EXPECT_EQ(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
    for (int end : pair) ends.emplace_back(end);
    return ends;
  }
  void set(const std::string& property, const std::string& value) {
    ASSERT_TRUE(ledger_->record_sync(
        {model::fact("property/" + property, "property.set", {{"value", value}})}));
  }

  loop::Loop loop_;
  FakeHosts hosts_;
  ScriptedPlugin storage_;
  Templates templates_{template_parts()};
  Parking parking_{{loop_, *ledger_, hosts_, storage_, templates_}};
};

TEST_F(ParkingTest, AfterAStartAMachineWaitsForTheNext) {
  make_template();
  EXPECT_FALSE(parking_.take(machine()));
  const std::string name = park();
  EXPECT_THAT(name, StartsWith("_parked-"));  // no container can be called so
  ASSERT_EQ(storage_.calls.size(), 1u);
  EXPECT_EQ(storage_.calls[0].method, "storage.delete");
  EXPECT_EQ(parking_.count(templates_.key(machine())), 1u);
  auto taken = parking_.take(machine());
  ASSERT_TRUE(taken);
  EXPECT_EQ(taken->host, name);
  EXPECT_EQ(taken->cables.size(), 1u);  // as many as it has networks
  EXPECT_FALSE(parking_.take(machine()));
}

TEST_F(ParkingTest, OnlyWhatItFitsGetsIt) {
  make_template();
  park();
  Json other = machine();
  other["shares"] = Json::array({{{"tag", "share0"}, {"path", "/"}}});
  EXPECT_FALSE(parking_.take(other));
  other = machine();
  other["initDisk"] = "/init";
  EXPECT_FALSE(parking_.take(other));
  other = machine();
  other["disks"] = Json::array({{{"serial", "volume0"}, {"path", "/v"}, {"readOnly", true}}});
  EXPECT_FALSE(parking_.take(other));
  EXPECT_FALSE(parking_.take(machine(5)));
  other = machine();
  for (int i = 0; i < 2; i++) other["networks"].push_back(other["networks"][0]);
  EXPECT_FALSE(parking_.take(other));
  EXPECT_TRUE(parking_.take(machine()));
}

TEST_F(ParkingTest, NoneWithoutATemplateAndNoneIfNoneAreWished) {
  parking_.wanted({machine(), "sha256:1", {}});
  EXPECT_FALSE(begins());
  make_template();
  set("template.parked", "0");
  parking_.wanted({machine(), "sha256:1", {}});
  EXPECT_FALSE(begins());
}

TEST_F(ParkingTest, ThoseThatAreTooManyAreGivenUpAtOnce) {
  make_template();
  park();
  set("template.parked", "0");
  EXPECT_EQ(parking_.count(templates_.key(machine())), 0u);
  EXPECT_TRUE(until([&] { return hosts_.hosts.empty(); }));
  storage_.calls.clear();
  set("template.parked", "1");
  begun();
}

TEST_F(ParkingTest, WithoutTheirTemplateTheyAreNothing) {
  make_template();
  park();
  set("template.enabled", "false");
  EXPECT_TRUE(until([&] { return hosts_.hosts.empty(); }));
}

TEST_F(ParkingTest, AFailureLeavesNothingAndIsTriedAgainAfterTheNextStart) {
  make_template();
  parking_.wanted({machine(), "sha256:1", {}});
  const std::string name = begun();
  hosts_.answer(name, "runtime.park", fail(Code::kInternal, "no"));
  EXPECT_TRUE(until([&] { return hosts_.hosts.empty(); }));
  ASSERT_EQ(storage_.calls.size(), 1u);
  EXPECT_EQ(storage_.calls[0].method, "storage.delete");
  storage_.calls.clear();
  park();
  EXPECT_TRUE(parking_.take(machine()));
}

TEST_F(ParkingTest, OneThatHasEndedIsNobodys) {
  make_template();
  const std::string name = park();
  hosts_.end(name, false);
  EXPECT_FALSE(parking_.take(machine()));
}

TEST_F(ParkingTest, AnotherTemplateTakesThePlace) {
  make_template();
  park();
  storage_.calls.clear();
  make_template(machine(5));
  parking_.wanted({machine(5), "sha256:1", {}});
  begun();
  EXPECT_FALSE(parking_.take(machine()));
  EXPECT_TRUE(until([&] { return hosts_.hosts.size() == 1; }));
}

TEST_F(ParkingTest, TheEndOfTheServiceIsTheirs) {
  make_template();
  park();
  storage_.calls.clear();
  set("template.parked", "2");
  parking_.wanted({machine(), "sha256:1", {}});
  begun();
  bool closed = false;
  parking_.close([&] { closed = true; });
  EXPECT_FALSE(closed);
  EXPECT_TRUE(until([&] { return closed; }));
  EXPECT_THAT(hosts_.ids(), IsEmpty());
}

TEST_F(ParkingTest, NothingIsLaunchedAtTheEndOfTheService) {
  make_template();
  parking_.wanted({machine(), "sha256:1", {}});
  ASSERT_TRUE(until([&] { return !storage_.calls.empty(); }));
  auto asked = std::move(storage_.calls.front());
  storage_.calls.clear();
  parking_.close([] {});
  give(asked.answer, Json{{"imageDisk", "/i.ext4"}, {"writableDisk", "/w.ext4"}});
  EXPECT_THAT(hosts_.ids(), IsEmpty());
  ASSERT_EQ(storage_.calls.size(), 1u);
  EXPECT_EQ(storage_.calls[0].method, "storage.delete");
}

}  // namespace
}  // namespace bulkhead::engine
