// Frames of a hostile container at the whole network: switch, checks, gateway, libslirp. The
// network is internal, so that no fuzzed packet leaves this host. Besides crashes, a finding is a
// frame that a neighbour hears and that neither the gateway nor the container may have sent.
//
// The input is frames, each after its length in two bytes, from a container that is new each time.
// What a fuzzer doesn't guess is put right: the source addresses, the checksums, and the
// acknowledgement of what the gateway said last, so that a connection can be opened. The first byte
// of the destination's MAC says where it goes: 0 as it is, with nothing put right; 2 to the
// neighbour; odd (a group's) as it is; else to the gateway.
#include <sys/socket.h>

#include <algorithm>
#include <map>
#include <optional>

#include "frame_check.hpp"
#include "network.hpp"
#include "packet_build.hpp"

using namespace bulkhead::net;

namespace {

const Mac kGatewayMac{0x5255c0a84001};
const Lease kWeb{{0xf26200000002}, *parse_ip("192.168.64.2"), *parse_ip("fd00::2")};
const Lease kDb{{0xf26200000003}, *parse_ip("192.168.64.3"), *parse_ip("fd00::3")};
constexpr size_t kMostFrames = 64;

struct World {
  World() {
    CreateRequest request;
    request.network = "fuzz";
    request.subnet = *parse_subnet("192.168.64.0/24");
    request.gateway = *parse_ip("192.168.64.1");
    request.subnet6 = *parse_subnet("fd00::/64");
    request.gateway6 = *parse_ip("fd00::1");
    request.internal = true;
    request.names.domains = {"test"};
    network.emplace(loop, request, [](const std::string&) {});
    db = attach("db", kDb);
  }
  bulkhead::UniqueFd attach(const char* name, const Lease& lease) {
    AttachRequest request;
    request.container = name;
    request.lease = lease;
    request.names = {name};
    return std::move(network->attach(request, {})->vm);
  }
  bulkhead::loop::Loop loop;
  std::optional<Network> network;
  bulkhead::UniqueFd db;
};

// What the gateway said last in a connection, and so what is to be acknowledged.
using Heard = std::map<std::pair<bool, uint16_t>, uint32_t>;

void put_sum(Buffer& frame, const Packet& packet) {
  const bool v6 = packet.kind == Packet::Kind::kIpv6;
  size_t at = 0;
  if (packet.protocol == kTcp) {
    at = 16;
  } else if (packet.protocol == kUdp) {
    at = 6;
  } else if (packet.has_icmp) {
    at = 2;
  } else {
    return;
  }
  if (packet.fragment || !(packet.has_ports || packet.has_icmp)) return;
  at += packet.payload;
  write16(frame, at, 0);
  const Bytes payload = Bytes(frame).subspan(packet.payload);
  write16(frame, at,
          packet.has_icmp && !v6 ? checksum(payload)
                                 : checksum(packet.from, packet.to, packet.protocol, payload));
}

void put_addresses(Buffer& frame) {
  const uint16_t type = read16(frame, 12);
  if (type == kEtherArp && frame.size() >= 42) {
    kWeb.mac.write(frame, 22);
    std::copy_n(kWeb.v4.bytes.begin(), 4, frame.begin() + 28);
  } else if (type == kEtherIpv4 && frame.size() >= 34) {
    std::copy_n(kWeb.v4.bytes.begin(), 4, frame.begin() + 26);
    const size_t header = std::min<size_t>(size_t{frame[14]} % 16 * 4, frame.size() - 14);
    write16(frame, 24, 0);
    write16(frame, 24, checksum(Bytes(frame).subspan(14, header)));
  } else if (type == kEtherIpv6 && frame.size() >= 54) {
    std::copy_n(kWeb.v6->bytes.begin(), 16, frame.begin() + 22);
  }
}

void put_right(Buffer& frame, const Heard& heard) {
  if (frame.size() < kEthernetHeader || frame[0] == 0) return;
  const uint8_t choice = frame[0];
  kWeb.mac.write(frame, 6);
  put_addresses(frame);
  if (choice % 2 == 0) (choice == 2 ? kDb.mac : kGatewayMac).write(frame, 0);
  const auto packet = parse_packet(frame);
  if (!packet || !packet->is_ip()) return;
  frame.resize(packet->frame.size());
  if (packet->protocol == kTcp && packet->has_ports) {
    const auto last = heard.find({packet->from.v6, packet->source_port});
    if (last != heard.end()) write32(frame, packet->payload + 8, last->second);
  }
  put_sum(frame, *packet);
}

void drain(World& world, const bulkhead::UniqueFd& web, Heard& heard) {
  static Buffer out(70000);
  ssize_t size = 0;
  while ((size = ::recv(web.get(), out.data(), out.size(), MSG_DONTWAIT)) > 0) {
    const auto packet = parse_packet(Bytes(out).first(static_cast<size_t>(size)));
    if (!packet) __builtin_trap();
    if (packet->protocol == kTcp && packet->has_ports)
      heard[{packet->to.v6, packet->destination_port}] = packet->seq + packet->tcp_length();
  }
  while ((size = ::recv(world.db.get(), out.data(), out.size(), MSG_DONTWAIT)) > 0) {
    const auto packet = parse_packet(Bytes(out).first(static_cast<size_t>(size)));
    if (!packet || (packet->source != kGatewayMac && !may_send(kWeb, *packet))) __builtin_trap();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static World& world = *new World;
  const bulkhead::UniqueFd web = world.attach("web", kWeb);
  Heard heard;
  for (size_t count = 0; size >= 2 && count < kMostFrames; count++) {
    const size_t length = std::min<size_t>(read16({data, size}, 0), size - 2);
    Buffer frame(data + 2, data + 2 + length);
    data += 2 + length;
    size -= 2 + length;
    put_right(frame, heard);
    ::send(web.get(), frame.data(), frame.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    // Through the host's own loopback, if it is a connection for names.
    for (int round = 0; round < 3; round++) world.loop.run_once();
    drain(world, web, heard);
  }
  world.network->detach("web");
  world.loop.run_once();
  return 0;
}
