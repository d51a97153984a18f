// A container's ports on the host: "127.0.0.1:8080" and on, `count` of them, carried to the same
// family's address of the container. All are open or none is, and the error says which port is
// whose fault. Closed by the destructor. A UDP port under several addresses is several to libslirp
// (udp_aliases.hpp).
#pragma once

#include <string>
#include <vector>

#include "lease.hpp"
#include "slirp_stack.hpp"
#include "udp_aliases.hpp"

namespace bulkhead::net {

struct PublishedPort {
  Ip host;
  uint16_t host_port = 0;
  uint16_t container_port = 0;
  bool udp = false;
  unsigned count = 1;

  std::string text(unsigned nth) const;  // "127.0.0.1:8080/tcp"
};

class PublishedPorts {
 public:
  static Result<PublishedPorts> open(SlirpStack& stack, const std::vector<PublishedPort>& ports,
                                     const Lease& lease);
  PublishedPorts() = default;
  PublishedPorts(PublishedPorts&& other) noexcept
      : stack_(std::exchange(other.stack_, nullptr)),
        open_(std::move(other.open_)),
        aliases_(std::move(other.aliases_)) {}
  PublishedPorts& operator=(PublishedPorts&& other) noexcept;
  ~PublishedPorts() { close(); }
  void close();
  UdpAliases& aliases() { return aliases_; }

 private:
  struct Open {
    bool udp;
    SocketAddress host;
  };
  Status open_one(const PublishedPort& port, const Lease& lease);

  SlirpStack* stack_ = nullptr;
  std::vector<Open> open_;
  UdpAliases aliases_;
};

}  // namespace bulkhead::net
