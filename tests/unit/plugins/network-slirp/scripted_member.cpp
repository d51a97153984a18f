#include "scripted_member.hpp"

#include <poll.h>
#include <sys/socket.h>

namespace bulkhead::net::test {

ScriptedMember::ScriptedMember(UniqueFd end, const Lease& own) : lease(own), end_(std::move(end)) {}

void ScriptedMember::send(const Buffer& frame) const {
  ::send(end_.get(), frame.data(), frame.size(), MSG_NOSIGNAL);
}

std::optional<Bytes> ScriptedMember::receive(int patience_ms) {
  pollfd ready{end_.get(), POLLIN, 0};
  if (::poll(&ready, 1, patience_ms) != 1) return std::nullopt;
  const ssize_t size = ::recv(end_.get(), buffer_.data(), buffer_.size(), 0);
  if (size <= 0) return std::nullopt;
  return Bytes(buffer_).first(static_cast<size_t>(size));
}

std::optional<Packet> ScriptedMember::next(const Wanted& wanted, int patience_ms) {
  while (const auto frame = receive(patience_ms)) {
    const auto packet = parse_packet(*frame);
    if (!packet) continue;
    if (wanted(*packet)) return packet;
    if (asked_neighbour(*packet) == lease.v4)
      send(build_arp_reply(lease.mac, lease.v4, packet->source, packet->from));
  }
  return std::nullopt;
}

std::vector<Buffer> ScriptedMember::heard_before(const Wanted& wanted) {
  std::vector<Buffer> heard;
  while (const auto frame = receive(kPatienceMs)) {
    const auto packet = parse_packet(*frame);
    if (packet && wanted(*packet)) return heard;
    heard.emplace_back(frame->begin(), frame->end());
  }
  heard.emplace_back();  // it never came
  return heard;
}

std::optional<Packet> ScriptedMember::segment(uint16_t port, uint8_t flags) {
  return next([&](const Packet& packet) {
    return packet.protocol == kTcp && packet.destination_port == port &&
           (packet.tcp_flags & flags) == flags;
  });
}

void ScriptedMember::say(const Packet& to, uint8_t flags, const std::string& data) {
  Buffer segment;
  append16(segment, to.destination_port);
  append16(segment, to.source_port);
  append32(segment, (to.tcp_flags & kAck) != 0 ? to.ack : 1000);
  append32(segment, to.seq + to.tcp_length());
  segment.push_back(5 << 4);
  segment.push_back(flags);
  append16(segment, 65535);
  append32(segment, 0);
  segment.insert(segment.end(), data.begin(), data.end());
  write16(segment, 16, checksum(to.to, to.from, kTcp, segment));
  send(build_ip({lease.mac, to.source, to.to, to.from}, kTcp, segment));
}

}  // namespace bulkhead::net::test
