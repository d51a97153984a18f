// One UDP port of a container under several addresses of the host. Pure.
//
// libslirp finds the socket that an answer leaves by from the container's address and port alone:
// published twice, all answers would leave by the same one, and a client hears none that don't
// come from where it asked. So each further time libslirp is told another port, an alias. In what
// comes by it the container's own port is put back, and in what the container sends the alias of
// whoever came by it last. The most recent kMost clients are remembered; the answer to another
// leaves by the first address.
//
// An alias is a port beyond those that Linux gives to clients; a container that sends from it to
// the gateway all the same has no answers.
#pragma once

#include <list>
#include <map>
#include <optional>
#include <set>
#include <tuple>

#include "packet.hpp"

namespace bulkhead::net {

class UdpAliases {
 public:
  static constexpr size_t kMost = 4096;
  static constexpr uint16_t kFirst = 61'000;

  // Published: what libslirp is to be told for it; nothing if there is none left.
  std::optional<uint16_t> add(bool v6, uint16_t port);
  bool none() const { return ports_.empty(); }

  // The port that a packet to the container is really for, if it came by an alias.
  std::optional<uint16_t> arrived(const Packet& packet);
  // The alias that a packet of the container is to leave by.
  std::optional<uint16_t> leaves_by(const Packet& packet) const;

 private:
  using Port = std::pair<bool, uint16_t>;             // IPv6?, number
  using Client = std::tuple<Ip, uint16_t, uint16_t>;  // with its port, and the container's
  struct Entry {
    uint16_t alias;
    std::list<Client>::iterator age;
  };

  std::set<Port> published_;
  std::map<Port, uint16_t> ports_;  // by alias
  std::list<Client> by_age_;        // oldest first
  std::map<Client, Entry> clients_;
};

}  // namespace bulkhead::net
