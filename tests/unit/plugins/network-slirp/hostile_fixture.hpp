// A hostile container on a network with two others. It may send what it likes: the others hear
// nothing of it, and the network goes on serving.
//
// "Nothing" is told without waiting: a network handles the frames of one member in their order, so
// once an honest datagram has arrived, whatever was sent before it has been judged.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "network_fixture.hpp"

namespace bulkhead::net::test {

inline const Lease kThird{{0xf26200000004}, ip("192.168.64.4"), ip("fd00::4")};

struct HostileTest : NetworkTest {
  void SetUp() override { create(settings); }

  // Sends frames as the hostile one, then an honest datagram to each of the others, which must be
  // the first thing that they hear; then asks the gateway something.
  void expect_unheard(const std::vector<Buffer>& frames, const std::string& what = {}) {
    ScriptedMember* const others[] = {&db(), &third()};
    for (const Buffer& frame : frames) evil().send(frame);
    for (ScriptedMember* other : others) {
      EXPECT_THAT(heard_by(*other), testing::IsEmpty())
          << what << ", heard by " << to_text(other->lease.v4);
    }
    expect_serving();
  }
  void expect_unheard(const Buffer& frame, const std::string& what = {}) {
    expect_unheard(std::vector<Buffer>{frame}, what);
  }
  std::vector<Buffer> heard_by(ScriptedMember& other) {
    const uint16_t mark = ++mark_;
    evil().send(build_udp({kWeb.mac, other.lease.mac, kWeb.v4, other.lease.v4}, 7, mark, {}));
    return other.heard_before(
        [&](const Packet& packet) { return is_udp(packet) && packet.destination_port == mark; });
  }
  void expect_serving() {
    for (ScriptedMember* member : {&evil(), &db()}) {
      const uint16_t port = ++mark_;
      member->send(udp(member->lease, kGateway.v4, port, 53, name_query("db.test")));
      const auto answer = member->next(
          [&](const Packet& packet) { return is_udp(packet) && packet.destination_port == port; });
      ASSERT_TRUE(answer) << "no names for " << to_text(member->lease.v4);
      EXPECT_EQ(answer->data_bytes().back(), 3);
    }
  }

  // Attached when first used.
  ScriptedMember& evil() { return member(evil_, "evil", kWeb); }
  ScriptedMember& db() { return member(db_, "db", kDb); }
  ScriptedMember& third() { return member(third_, "third", kThird); }

  Json settings = Json::object();

 private:
  ScriptedMember& member(std::optional<ScriptedMember>& it, const char* name, const Lease& lease) {
    if (!it) it.emplace(attach(name, lease));
    return *it;
  }
  std::optional<ScriptedMember> evil_, db_, third_;
  uint16_t mark_ = 10'000;
};

}  // namespace bulkhead::net::test
