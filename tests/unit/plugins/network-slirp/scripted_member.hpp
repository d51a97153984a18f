// A container's end of the cable, played by a test: it answers ARP, and speaks just enough TCP for
// one connection at a time on a wire that loses nothing.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "bulkhead/unique_fd.hpp"
#include "frames.hpp"

namespace bulkhead::net::test {

class ScriptedMember {
 public:
  ScriptedMember(UniqueFd end, const Lease& lease);

  void send(const Buffer& frame) const;
  static constexpr int kPatienceMs = 20'000;
  // The next frame for which `wanted` is true; none after a generous while, or after `patience_ms`.
  using Wanted = std::function<bool(const Packet&)>;
  std::optional<Packet> next(const Wanted& wanted, int patience_ms = kPatienceMs);
  // What arrives before that, byte for byte, even if it is no frame.
  std::vector<Buffer> heard_before(const Wanted& wanted);
  // A segment of the connection between this port and that.
  std::optional<Packet> segment(uint16_t port, uint8_t flags);
  // Answers `to`.
  void say(const Packet& to, uint8_t flags, const std::string& data = {});
  const Lease lease;

 private:
  std::optional<Bytes> receive(int patience_ms);

  UniqueFd end_;
  Buffer buffer_ = Buffer(70000);
};

}  // namespace bulkhead::net::test
