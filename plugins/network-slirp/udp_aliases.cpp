#include "udp_aliases.hpp"

namespace bulkhead::net {

std::optional<uint16_t> UdpAliases::add(bool v6, uint16_t port) {
  if (published_.insert({v6, port}).second && !ports_.contains({v6, port})) return port;
  for (uint16_t alias = 65'535; alias >= kFirst; alias--) {
    if (published_.contains({v6, alias}) || ports_.contains({v6, alias})) continue;
    ports_[{v6, alias}] = port;
    return alias;
  }
  return std::nullopt;
}

std::optional<uint16_t> UdpAliases::arrived(const Packet& packet) {
  const auto found = ports_.find({packet.to.v6, packet.destination_port});
  const uint16_t port = found == ports_.end() ? packet.destination_port : found->second;
  const Client client{packet.from, packet.source_port, port};
  if (const auto known = clients_.find(client); known != clients_.end()) {
    by_age_.erase(known->second.age);
    clients_.erase(known);
  }
  if (found == ports_.end()) return std::nullopt;
  if (clients_.size() == kMost) {
    clients_.erase(by_age_.front());
    by_age_.pop_front();
  }
  clients_[client] = {found->first.second, by_age_.insert(by_age_.end(), client)};
  return port;
}

std::optional<uint16_t> UdpAliases::leaves_by(const Packet& packet) const {
  const auto found = clients_.find({packet.to, packet.destination_port, packet.source_port});
  if (found == clients_.end()) return std::nullopt;
  return found->second.alias;
}

}  // namespace bulkhead::net
