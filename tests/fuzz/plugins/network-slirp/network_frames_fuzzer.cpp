// A machine that sends anything at all into the switch, with another one beside it. The input is a
// row of frames, each behind its length; the first bytes of each are made good, so that they get
// beyond the first check.
#include <sys/socket.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>

#include "network.hpp"

namespace {

using namespace bulkhead;
using namespace bulkhead::network;

NetworkPlan plan(bool internal) {
  NetworkPlan plan;
  plan.gateway.network = {10, 0, 0, 0};
  plan.gateway.gateway4 = {10, 0, 0, 1};
  plan.gateway.network6 = {0xfd, 1};
  plan.gateway.gateway6 = {0xfd, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
  // Nothing of what is sent may leave this machine.
  plan.rules = {internal, true, plan.gateway.gateway4, plan.gateway.gateway6};
  plan.resolv_conf = "/dev/null";
  plan.resolver_port = 1;
  return plan;
}

Membership member(uint8_t number) {
  Membership member;
  member.container = "c" + std::to_string(number);
  member.identity = {{2, 0, 0, 0, 0, number},
                     {10, 0, 0, number},
                     {0xfd, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, number}};
  member.names = {member.container};
  return member;
}

void turn(Network& network) {
  PollSet set;
  set.at_most(0);
  network.fill(set, Milliseconds(0));
  set.wait();
  network.handle(set, Milliseconds(0));
}

// Addresses, and for half of them a header whose length is right.
void make_good(std::vector<uint8_t>& frame, uint8_t how) {
  if (frame.size() < kEthernetHeader + 40 || (how & 1) == 0) return;
  const uint8_t gateway[] = {0x52, 0x55, 10, 0, 0, 1, 2, 0, 0, 0, 0, 2};
  std::copy(std::begin(gateway), std::end(gateway), frame.begin());
  uint8_t* ip = frame.data() + kEthernetHeader;
  if (how & 2) {
    write16(frame.data() + 12, kTypeIpv4);
    ip[0] = 0x45;
    write16(ip + 2, static_cast<uint16_t>(frame.size() - kEthernetHeader));
    if (how & 4) write16(ip + 6, 0);
    const uint8_t addresses[] = {10, 0, 0, 2, 10, 0, 0, 1};
    std::copy(std::begin(addresses), std::end(addresses), ip + 12);
    write16(ip + 10, 0);
    write16(ip + 10, ipv4_header_checksum(Bytes(ip, 20)));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2) return 0;
  Network network(plan((data[0] & 1) != 0));
  auto link = make_link();
  auto other = make_link();
  if (!link || !other) std::abort();
  if (!network.attach(member(2), std::move(link->second)) ||
      !network.attach(member(3), std::move(other->second)))
    std::abort();
  for (size_t at = 1; at + 3 <= size;) {
    size_t length = std::min<size_t>(read16(data + at), size - at - 3);
    std::vector<uint8_t> frame(data + at + 3, data + at + 3 + length);
    make_good(frame, data[at + 2]);
    send(link->first.get(), frame.data(), frame.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    turn(network);
    at += 3 + length;
  }
  turn(network);
  return 0;
}
