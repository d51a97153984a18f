#include "dns_zone.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace bulkhead::network::dns {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class ZoneTest : public ::testing::Test {
 protected:
  ZoneTest() {
    zone_.set_domains({"Test"}, {"db.internal"});
    zone_.add("web", {"Web", "alias"}, {10, 0, 0, 2}, kSix);
  }
  std::optional<Answer> ask(const std::string& name, uint16_t type = kA) {
    Query query;
    query.name = name;
    query.type = type;
    query.klass = kInternet;
    return zone_.find(query);
  }
  static constexpr Address6 kSix = {0xfd, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2};
  Zone zone_{{{10, 0, 0, 1},
              {0xfd, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1},
              Prefix{false, {10}, 24},
              Prefix{true, {0xfd, 1}, 64}}};
};

TEST_F(ZoneTest, MembersHaveTheirNamesAndThoseBelowDomains) {
  for (const char* name : {"web", "alias", "web.test", "alias.test"})
    EXPECT_THAT(ask(name)->ipv4, ElementsAre(Address4{10, 0, 0, 2})) << name;
  EXPECT_THAT(ask("web", kAaaa)->ipv6, ElementsAre(kSix));
}

TEST_F(ZoneTest, ANameThatIsThereHasNoOtherRecords) {
  auto answer = ask("web", 15);
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->code, Code::kOk);
  EXPECT_THAT(answer->ipv4, IsEmpty());
}

TEST_F(ZoneTest, TheUnknownBelowADomainDoesntExistAndElsewhereIsNotOurs) {
  EXPECT_EQ(ask("other.test")->code, Code::kNoName);
  EXPECT_FALSE(ask("other"));
  EXPECT_FALSE(ask("web.example"));
  EXPECT_FALSE(ask("test"));
}

TEST_F(ZoneTest, AddressesHaveNames) {
  EXPECT_THAT(ask("2.0.0.10.in-addr.arpa", kPtr)->names, ElementsAre("web"));
  EXPECT_THAT(ask("1.0.0.10.in-addr.arpa", kPtr)->names, ElementsAre("host.container.internal"));
  EXPECT_EQ(ask("9.0.0.10.in-addr.arpa", kPtr)->code, Code::kNoName);
  EXPECT_FALSE(ask("2.0.0.11.in-addr.arpa", kPtr));
  EXPECT_FALSE(ask("256.0.0.10.in-addr.arpa", kPtr));
  std::string six = "2";
  for (int i = 0; i < 27; ++i) six += ".0";
  EXPECT_THAT(ask(six + ".1.0.d.f.ip6.arpa", kPtr)->names, ElementsAre("web"));
}

TEST_F(ZoneTest, TheHostIsTheGateway) {
  EXPECT_THAT(ask("host.container.internal")->ipv4, ElementsAre(Address4{10, 0, 0, 1}));
  EXPECT_THAT(ask("db.internal")->ipv4, ElementsAre(Address4{10, 0, 0, 1}));
}

TEST_F(ZoneTest, WhoLeavesIsForgotten) {
  zone_.remove("web");
  EXPECT_FALSE(ask("web"));
  EXPECT_EQ(ask("web.test")->code, Code::kNoName);
}

}  // namespace
}  // namespace bulkhead::network::dns
