// Frames of a hostile container at the whole network: switch, checks, gateway, libslirp. The
// network is internal, so that no fuzzed packet leaves this host.
//
// The input is frames, each after its length in two bytes; its MACs and source address are made the
// member's, or else hardly any would pass the first check.
#include <sys/socket.h>

#include <algorithm>

#include "network.hpp"
#include "packet_build.hpp"

using namespace bulkhead::net;

namespace {

struct World {
  World() {
    request.network = "fuzz";
    request.subnet = *parse_subnet("192.168.64.0/24");
    request.gateway = *parse_ip("192.168.64.1");
    request.subnet6 = *parse_subnet("fd00::/64");
    request.gateway6 = *parse_ip("fd00::1");
    request.internal = true;
    network.emplace(loop, request, [](const std::string&) {});
    AttachRequest attach;
    attach.container = "web";
    attach.lease = lease;
    attach.names = {"web"};
    end = std::move(network->attach(attach, {})->vm);
  }
  bulkhead::loop::Loop loop;
  CreateRequest request;
  Lease lease{{0xf26200000002}, *parse_ip("192.168.64.2"), *parse_ip("fd00::2")};
  std::optional<Network> network;
  bulkhead::UniqueFd end;
};

void make_own(Buffer& frame, const World& world) {
  if (frame.size() < 54) return;
  if (frame[0] % 4 != 0) Mac{0x5255c0a84001}.write(frame, 0);
  world.lease.mac.write(frame, 6);
  const Bytes from = frame[14] >> 4 == 6 ? world.lease.v6->span() : world.lease.v4.span();
  if (read16(frame, 12) == kEtherIpv4) {
    std::copy(from.begin(), from.begin() + 4, frame.begin() + 26);
    const size_t header =
        std::min<size_t>(static_cast<size_t>(frame[14] & 15) * 4, frame.size() - 14);
    write16(frame, 24, 0);
    write16(frame, 24, checksum(Bytes(frame).subspan(14, header)));
  } else if (read16(frame, 12) == kEtherIpv6 && from.size() == 16) {
    std::copy(from.begin(), from.end(), frame.begin() + 22);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static World& world = *new World;
  while (size >= 2) {
    const size_t length = std::min<size_t>(read16({data, size}, 0), size - 2);
    Buffer frame(data + 2, data + 2 + length);
    data += 2 + length;
    size -= 2 + length;
    make_own(frame, world);
    ::send(world.end.get(), frame.data(), frame.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
  }
  world.loop.run_once();
  uint8_t out[70000];
  while (::recv(world.end.get(), out, sizeof out, MSG_DONTWAIT) > 0) {
  }
  return 0;
}
