#include "dns_message.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace bulkhead::network::dns {
namespace {

std::vector<uint8_t> query_for(const std::vector<std::string>& labels, uint16_t type = kA,
                               std::optional<uint16_t> udp_size = std::nullopt) {
  std::vector<uint8_t> bytes = {0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, 0, 0, uint8_t(udp_size ? 1 : 0)};
  for (const std::string& label : labels) {
    bytes.push_back(static_cast<uint8_t>(label.size()));
    bytes.insert(bytes.end(), label.begin(), label.end());
  }
  bytes.insert(bytes.end(), {0, uint8_t(type >> 8), uint8_t(type), 0, 1});
  if (udp_size)
    bytes.insert(bytes.end(),
                 {0, 0, 41, uint8_t(*udp_size >> 8), uint8_t(*udp_size), 0, 0, 0, 0, 0, 0});
  return bytes;
}

TEST(DnsMessage, AQuestionIsRead) {
  auto bytes = query_for({"Web", "TEST"}, kAaaa, 1400);
  auto query = read_query(bytes);
  ASSERT_TRUE(query);
  EXPECT_EQ(query->id, 0x1234);
  EXPECT_EQ(query->name, "web.test");
  EXPECT_EQ(query->type, kAaaa);
  EXPECT_TRUE(query->recursion);
  EXPECT_TRUE(query->edns);
  EXPECT_EQ(query->udp_size, 1400U);
  EXPECT_EQ(read_query(query_for({"a"}))->udp_size, kPlainUdp);
}

TEST(DnsMessage, WhatIsNoQuestionIsNone) {
  auto good = query_for({"web"});
  for (std::size_t length = 0; length < good.size(); ++length)
    EXPECT_FALSE(read_query(Bytes(good).first(length))) << length;
  auto answer = good;
  answer[2] |= 0x80;
  EXPECT_FALSE(read_query(answer));
  auto two = good;
  two[5] = 2;
  EXPECT_FALSE(read_query(two));
  auto pointer = good;
  pointer[12] = 0xc0;
  EXPECT_FALSE(read_query(pointer));
  EXPECT_FALSE(read_query(query_for({"a.b"})));
  EXPECT_FALSE(read_query(query_for(std::vector<std::string>(5, std::string(63, 'a')))));
}

TEST(DnsMessage, AnAnswerRepeatsItsQuestion) {
  auto bytes = query_for({"web"});
  auto query = *read_query(bytes);
  Answer answer;
  answer.ipv4.push_back({10, 0, 0, 2});
  auto message = write_answer(bytes, query, answer, kPlainUdp);
  EXPECT_TRUE(answers(message, query.id, bytes, query));
  EXPECT_FALSE(answers(message, 1, bytes, query));
  EXPECT_EQ(read16(message.data() + 6), 1);
  EXPECT_EQ(std::vector<uint8_t>(message.end() - 4, message.end()),
            (std::vector<uint8_t>{10, 0, 0, 2}));
}

TEST(DnsMessage, WhatDoesntFitIsLeftOutAndSaid) {
  auto bytes = query_for({"web"});
  auto query = *read_query(bytes);
  Answer many;
  many.ipv4.resize(100);
  auto message = write_answer(bytes, query, many, kPlainUdp);
  EXPECT_LE(message.size(), kPlainUdp);
  EXPECT_TRUE(message[2] & 0x02);
  auto whole = write_answer(bytes, query, many, 65535);
  EXPECT_FALSE(whole[2] & 0x02);
  auto cut = shortened(whole, kPlainUdp);
  EXPECT_EQ(cut.size(), query.question_end);
  EXPECT_TRUE(cut[2] & 0x02);
  EXPECT_EQ(shortened(message, kPlainUdp), message);
}

}  // namespace
}  // namespace bulkhead::network::dns
