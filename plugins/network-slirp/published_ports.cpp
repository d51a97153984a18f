#include "published_ports.hpp"

#include <cerrno>
#include <system_error>

namespace bulkhead::net {
namespace {

Failure failed_to_open(const PublishedPort& port, unsigned nth, int error) {
  const std::string what = "port " + port.text(nth);
  switch (error) {
    case EADDRINUSE:
      return fail(Code::kConflict, what + " is already in use on this host",
                  "publish another host port, or stop what listens there");
    case EACCES:
    case EPERM:
      return fail(Code::kDenied, what + " may not be opened by this user",
                  "host ports below net.ipv4.ip_unprivileged_port_start need privilege; publish a "
                  "higher one");
    case EADDRNOTAVAIL:
      return fail(Code::kInvalid, what + " can't be opened: " + to_text(port.host) +
                                      " isn't an address of this host");
    default:
      return fail(Code::kInternal,
                  what + " can't be opened: " + std::generic_category().message(error));
  }
}

}  // namespace

std::string PublishedPort::text(unsigned nth) const {
  return with_port(host, static_cast<uint16_t>(host_port + nth)) + (udp ? "/udp" : "/tcp");
}

Result<PublishedPorts> PublishedPorts::open(SlirpStack& stack,
                                            const std::vector<PublishedPort>& ports,
                                            const Lease& lease) {
  PublishedPorts all;
  all.stack_ = &stack;
  for (const PublishedPort& port : ports) {
    if (Status opened = all.open_one(port, lease); !opened) return fail(std::move(opened.error()));
  }
  stack.widen_backlogs();
  return all;
}

Status PublishedPorts::open_one(const PublishedPort& port, const Lease& lease) {
  if (port.host.v6 && !lease.v6)
    return fail(Code::kInvalid, "port " + port.text(0) +
                                    " can't be carried to the container: it has no IPv6 address");
  const Ip& guest = port.host.v6 ? *lease.v6 : lease.v4;
  for (unsigned i = 0; i < port.count; i++) {
    const SocketAddress host = socket_address(port.host, static_cast<uint16_t>(port.host_port + i));
    std::optional<uint16_t> inside = static_cast<uint16_t>(port.container_port + i);
    if (port.udp) inside = aliases_.add(guest.v6, *inside);
    if (!inside)
      return fail(Code::kInvalid, "port " + port.text(i) +
                                      " can't be opened: the container's port " +
                                      std::to_string(port.container_port + i) +
                                      "/udp is published under too many addresses");
    const int error = stack_->publish(port.udp, host, socket_address(guest, *inside));
    if (error != 0) return failed_to_open(port, i, error);
    open_.push_back({port.udp, host});
  }
  return {};
}

PublishedPorts& PublishedPorts::operator=(PublishedPorts&& other) noexcept {
  if (this != &other) {
    close();
    stack_ = std::exchange(other.stack_, nullptr);
    open_ = std::move(other.open_);
    aliases_ = std::move(other.aliases_);
  }
  return *this;
}

void PublishedPorts::close() {
  for (const Open& port : open_) stack_->unpublish(port.udp, port.host);
  open_.clear();
}

}  // namespace bulkhead::net
