// Names: the messages, what they mean here, and who else is asked.
#include <gtest/gtest.h>

#include "dns_zone.hpp"
#include "frames.hpp"
#include "resolv_conf.hpp"

namespace bulkhead::net::test {
namespace {

Buffer question(const std::string& name, uint16_t type) {
  Buffer out = {0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0};
  append(out, *dns_name_to_wire(name));
  append16(out, type);
  append16(out, kClassIn);
  return out;
}

struct DnsZoneTest : testing::Test {
  DnsZoneTest() {
    zone.set_domains({"test"});
    zone.add("web", kWeb, {"web", "www"});
  }
  std::optional<DnsZone::Answer> ask(const std::string& name, uint16_t type) {
    return zone.answer(*parse_dns_query(question(name, type)));
  }
  DnsZone zone{kGateway};
};

TEST_F(DnsZoneTest, NamesOfContainers) {
  for (const char* name : {"web", "WWW", "web.test", "Web.Test"}) {
    const auto answer = ask(name, kTypeA);
    ASSERT_TRUE(answer && answer->records.size() == 1) << name;
    EXPECT_EQ(answer->records[0].data, Buffer({192, 168, 64, 2}));
    EXPECT_EQ(answer->records[0].ttl, kDnsTtl);
    EXPECT_EQ(ask(name, kTypeAaaa)->records.size(), 1u);
    EXPECT_TRUE(ask(name, 15)->records.empty());
    EXPECT_EQ(ask(name, 15)->rcode, kNoError);
  }
}

TEST_F(DnsZoneTest, SeveralMayHaveAnAliasButNoOneElsesName) {
  zone.add("db", kDb, {"db", "www", "web"});
  EXPECT_EQ(ask("www", kTypeA)->records.size(), 2u);
  const auto answer = ask("web", kTypeA);
  ASSERT_EQ(answer->records.size(), 1u);
  EXPECT_EQ(answer->records[0].data, Buffer({192, 168, 64, 2}));
  zone.remove("web");
  EXPECT_EQ(ask("web", kTypeA)->records.size(), 1u);
}

TEST_F(DnsZoneTest, WhatIsNotHereIsElsewhereOrNowhere) {
  EXPECT_FALSE(ask("example.com", kTypeA));
  EXPECT_EQ(ask("other.test", kTypeA)->rcode, kNxDomain);
  zone.remove("web");
  EXPECT_FALSE(ask("web", kTypeA));
}

TEST_F(DnsZoneTest, AnAddressWithoutIpv6HasNoneButExists) {
  zone.add("old", {kDb.mac, kDb.v4, {}}, {"old"});
  EXPECT_EQ(ask("old", kTypeAaaa)->rcode, kNoError);
  EXPECT_TRUE(ask("old", kTypeAaaa)->records.empty());
}

TEST_F(DnsZoneTest, TheHost) {
  zone.set_host_names({"host.test"});
  EXPECT_EQ(ask(kHostName, kTypeA)->records.at(0).data, Buffer({192, 168, 64, 1}));
  EXPECT_EQ(ask("host.test", kTypeA)->records.size(), 1u);
}

TEST_F(DnsZoneTest, Reverse) {
  EXPECT_EQ(ask("2.64.168.192.in-addr.arpa", kTypePtr)->records.at(0).data,
            *dns_name_to_wire("web"));
  EXPECT_EQ(ask("9.64.168.192.in-addr.arpa", kTypePtr)->rcode, kNxDomain);
  EXPECT_FALSE(ask("4.3.2.1.in-addr.arpa", kTypePtr));
  EXPECT_EQ(
      ask("2.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.d.f.ip6.arpa", kTypePtr)
          ->records.size(),
      1u);
}

TEST(DnsMessage, CutShortIsNoQuestion) {
  const Buffer whole = question("web.test", kTypeA);
  ASSERT_TRUE(parse_dns_query(whole));
  for (size_t size = 0; size < whole.size(); size++)
    EXPECT_FALSE(parse_dns_query(Bytes(whole).first(size))) << size;
}

TEST(DnsMessage, APointerThatLoopsIsNoName) {
  Buffer loop = {0, 0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0xc0, 12, 0, 1, 0, 1};
  EXPECT_FALSE(parse_dns_query(loop));
}

TEST(DnsMessage, TooManyRecordsAreCutAndSaySo) {
  const auto query = parse_dns_query(question("web", kTypeA));
  const std::vector<DnsRecord> many(100, address_record(kWeb.v4, 5));
  const Buffer answer = build_dns_answer(*query, kNoError, true, many, 512);
  EXPECT_LE(answer.size(), 512u);
  EXPECT_TRUE(dns_truncated(answer));
  EXPECT_TRUE(dns_answers(answer, 0x1234, *query));
  EXPECT_FALSE(dns_answers(answer, 0x1235, *query));
}

TEST(ResolvConf, NameserverLines) {
  const auto all = parse_resolv_conf(
      "# nameserver 9.9.9.9\nsearch x\nnameserver\t10.0.0.1 \nnameserver bad\nnameserver "
      "fe80::1%eth0\n");
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0].ip, ip("10.0.0.1"));
  EXPECT_EQ(all[1].zone, "eth0");
  EXPECT_EQ(parse_resolv_conf("").at(0).ip, ip("127.0.0.1"));
}

}  // namespace
}  // namespace bulkhead::net::test
