// The whole plugin, with containers played by the test and sockets of this host as the world.
#pragma once

#include <string>

#include "plugin_host.hpp"
#include "scripted_member.hpp"

namespace bulkhead::net::test {

struct Socket {
  UniqueFd fd;
  uint16_t port = 0;
};

// On any port of a loopback address.
Socket bound(int type, const Ip& address = ip("127.0.0.1"));
// One that was free just now.
uint16_t free_port(int type, const Ip& address = ip("127.0.0.1"));
// From any port of this host. UDP remembers the peer, too.
UniqueFd connect_to(uint16_t port, const Ip& address = ip("127.0.0.1"), int type = SOCK_STREAM);
// What comes next, or "error N".
std::string received(int fd);

Buffer name_query(const char* name);
// As a DNS message over TCP.
std::string with_length(const Buffer& message);

inline bool is_udp(const Packet& packet) {
  return packet.protocol == kUdp;
}
inline bool is_arp(const Packet& packet) {
  return packet.kind == Packet::Kind::kArp;
}

struct NetworkTest : testing::Test {
  ~NetworkTest() override { plugin.stop(); }

  void create(Json more = Json::object(), Json config = Json::object()) {
    ASSERT_TRUE(plugin.start(config));
    Json body = {
        {"network", "n"},          {"subnet", "192.168.64.0/24"}, {"gateway", "192.168.64.1"},
        {"subnetV6", "fd00::/64"}, {"gatewayV6", "fd00::1"},      {"mtu", 65520},
        {"domains", {"test"}}};
    body.update(more);
    const Answer made = host.call(plugin, "network.create", body);
    ASSERT_TRUE(made.result) << made.result.error().message;
  }
  static Json attachment(const char* name, const Lease& lease, const Json& ports = Json::array()) {
    return {{"container", name},          {"mac", to_text(lease.mac)}, {"ipv4", to_text(lease.v4)},
            {"ipv6", to_text(*lease.v6)}, {"names", {name}},           {"ports", ports}};
  }
  ScriptedMember attach(const char* name, const Lease& lease, const Json& ports = Json::array()) {
    Answer made = host.call(plugin, "network.attach", attachment(name, lease, ports));
    EXPECT_TRUE(made.result) << made.result.error().message;
    EXPECT_EQ(made.fds.size(), 2u);
    spare = std::move(made.fds.at(1));
    return {std::move(made.fds.at(0)), lease};
  }
  static Json published(uint16_t port, const char* proto, const char* address = "127.0.0.1") {
    return Json::array({{{"hostAddress", address},
                         {"hostPort", port},
                         {"containerPort", 80},
                         {"proto", proto},
                         {"count", 1}}});
  }

  Host host;
  NetworkPlugin plugin{host.host()};
  UniqueFd spare;
};

}  // namespace bulkhead::net::test
