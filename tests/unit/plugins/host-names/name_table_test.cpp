// What is answered, refused and denied.
#include "name_table.hpp"

#include <gtest/gtest.h>

#include "questions.hpp"

namespace bulkhead::names::test {
namespace {

using net::Buffer;
using net::kTypeA;
using net::kTypeAaaa;
using net::kTypePtr;

const Json kTable = {
    {"zones", {"test", "me.internal"}},
    {"names",
     {{{"name", "Web.Test"}, {"addresses", {"192.168.64.2", "fd00::2"}}},
      {{"name", "db.test"}, {"addresses", {"192.168.65.3"}}},
      {{"name", "alias.test"}, {"addresses", {"192.168.64.2", "192.168.65.3"}}},
      {{"name", "alias.test"}, {"addresses", {"192.168.65.3", "192.168.65.4"}}},
      {{"name", "me.internal"}, {"addresses", {"127.0.0.1"}}},
      {{"name", std::string(64, 'x') + ".test"}, {"addresses", {"192.168.64.9"}}}}},
    {"subnets", {"192.168.64.0/24", "192.168.65.0/24", "fd00::/64"}}};

struct NameTableTest : testing::Test {
  Buffer ask(const std::string& name, uint16_t type, bool udp = true) const {
    return table.answer(question(name, type), udp);
  }
  NameTable table = *NameTable::parse(kTable);
};

TEST_F(NameTableTest, AddressesOfTheTypeAskedFor) {
  for (const char* name : {"web.test", "WEB.test"}) {
    const Buffer v4 = ask(name, kTypeA);
    EXPECT_EQ(rcode(v4), net::kNoError);
    EXPECT_EQ(records(v4), 1);
    EXPECT_EQ(tail(v4, 4), (Buffer{192, 168, 64, 2}));
    EXPECT_NE(v4[2] & 4, 0) << "authoritative";
    const Buffer v6 = ask(name, kTypeAaaa);
    EXPECT_EQ(records(v6), 1);
    EXPECT_EQ(v6.back(), 2);
  }
  EXPECT_EQ(records(ask("web.test", net::kTypeAny)), 2);
  EXPECT_EQ(records(ask("alias.test", kTypeA)), 3) << "each once";
}

TEST_F(NameTableTest, ANameWithoutThatTypeExists) {
  for (const auto& [name, type] :
       {std::pair("db.test", uint16_t{kTypeAaaa}), std::pair("web.test", uint16_t{15}),
        std::pair("test", uint16_t{6}), std::pair("me.internal", uint16_t{kTypeAaaa})}) {
    EXPECT_EQ(rcode(ask(name, type)), net::kNoError) << name;
    EXPECT_EQ(records(ask(name, type)), 0) << name;
  }
}

TEST_F(NameTableTest, WhatIsNotInADomainDoesntExist) {
  for (const char* name : {"other.test", "a.web.test", "web.me.internal"})
    EXPECT_EQ(rcode(ask(name, kTypeA)), net::kNxDomain) << name;
}

TEST_F(NameTableTest, TheRestIsRefused) {
  for (const char* name : {"example.com", "web", "webtest", "nottest", "internal", ""}) {
    const Buffer answer = ask(name, kTypeA);
    EXPECT_EQ(rcode(answer), net::kRefused) << name;
    EXPECT_EQ(answer[2] & 4, 0) << "of these it has no authority";
  }
  EXPECT_EQ(rcode(table.answer(question("web.test", kTypeA, 3), true)), net::kRefused);
  EXPECT_EQ(rcode(NameTable().answer(question("web.test", kTypeA), true)), net::kRefused);
}

TEST_F(NameTableTest, AnAddressHasItsFirstName) {
  const Buffer answer = ask("2.64.168.192.in-addr.arpa", kTypePtr);
  EXPECT_EQ(records(answer), 1);
  EXPECT_EQ(tail(answer, 10), *net::dns_name_to_wire("web.test"));
  EXPECT_EQ(records(ask("2.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.d.f.ip6.arpa",
                        kTypePtr)),
            1);
  EXPECT_EQ(records(ask("2.64.168.192.in-addr.arpa", kTypeA)), 0);
  EXPECT_EQ(rcode(ask("9.64.168.192.in-addr.arpa", kTypePtr)), net::kNxDomain);
  EXPECT_EQ(rcode(ask("1.0.0.127.in-addr.arpa", kTypePtr)), net::kRefused)
      << "the loopback is nobody's subnet";
}

TEST_F(NameTableTest, WhatIsNoQuestionGetsNoAnswer) {
  const Buffer whole = question("web.test", kTypeA);
  for (size_t size = 0; size < whole.size(); size++)
    EXPECT_TRUE(table.answer(net::Bytes(whole).first(size), true).empty()) << size;
  Buffer answer = whole;
  answer[2] |= 0x80;
  EXPECT_TRUE(table.answer(answer, true).empty()) << "or two resolvers talk for ever";
  Buffer update = whole;
  update[2] |= 5 << 3;
  EXPECT_EQ(rcode(table.answer(update, true)), net::kNotImp);
}

TEST_F(NameTableTest, WhatDoesntFitADatagramSaysSo) {
  Json addresses = Json::array();
  for (int i = 1; i < 100; i++) addresses.push_back("10.0.0." + std::to_string(i));
  const NameTable big = *NameTable::parse(
      {{"zones", {"test"}}, {"names", {{{"name", "big.test"}, {"addresses", addresses}}}}});
  const Buffer cut = big.answer(question("big.test", kTypeA), true);
  EXPECT_LE(cut.size(), 512u);
  EXPECT_TRUE(net::dns_truncated(cut));
  const Buffer whole = big.answer(question("big.test", kTypeA), false);
  EXPECT_EQ(records(whole), 99);
  EXPECT_FALSE(net::dns_truncated(whole));
}

TEST(NameTable, RefusesWhatItDoesntUnderstand) {
  for (const char* text :
       {R"([])", R"({"zones": "test"})", R"({"zones": [1]})", R"({"names": {}})",
        R"({"names": [1]})", R"({"names": [{}]})", R"({"subnets": ["nonsense"]})",
        R"({"names": [{"name": "a.test", "addresses": ["nonsense"]}]})"})
    EXPECT_FALSE(NameTable::parse(Json::parse(text))) << text;
  EXPECT_TRUE(NameTable::parse(Json::object()));
}

}  // namespace
}  // namespace bulkhead::names::test
