// A machine on a network, as far as a test needs one: frames by hand, over the link that QEMU would
// have.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "network.hpp"

namespace bulkhead::network::test {

NetworkPlan plan();

// One turn of the network's thread, which waits for something at most so long.
void turn(Network& network, int64_t milliseconds = 20);

class Member {
 public:
  // Of network `network`, with the address 10.0.0.<number>.
  Member(Network& network, uint8_t number, std::vector<PublishedPort> ports = {});

  const Status& joined() const { return joined_; }
  const Membership& is() const { return is_; }
  Address4 address() const { return is_.identity.ipv4; }

  void send(const std::vector<uint8_t>& frame);
  // The next frame that `wanted` says yes to, or nothing after a while. Turns the network.
  std::optional<std::vector<uint8_t>> receive(const std::function<bool(const Packet&)>& wanted,
                                              int turns = 50);

  std::vector<uint8_t> udp(const Address4& to, uint16_t from_port, uint16_t to_port,
                           const std::string& text) const;
  std::vector<uint8_t> tcp(const Address4& to, uint16_t from_port, uint16_t to_port, uint8_t flags,
                           uint32_t sequence, uint32_t acknowledged,
                           const std::string& text = {}) const;
  Mac gateway_mac() const;
  UniqueFd take_link() { return std::move(link_); }
  int link() const { return link_.get(); }

 private:
  std::vector<uint8_t> ipv4(const Address4& to, uint8_t protocol,
                            const std::vector<uint8_t>& transport) const;

  Network& network_;
  Membership is_;
  Status joined_;
  UniqueFd link_;
};

uint32_t sequence_of(const Packet& packet);
std::string text_of(const Packet& packet);

}  // namespace bulkhead::network::test
