#include "network.hpp"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>

#include "host_policy.hpp"

namespace bulkhead::net {
namespace {

// 52:55 and the IPv4 address: locally administered, and no container's (theirs begin with f2).
Mac gateway_mac(const Ip& v4) {
  return {uint64_t{0x5255} << 32 | read32(v4.span(), 0)};
}

Gateway gateway_of(const CreateRequest& request) {
  return {gateway_mac(request.gateway), request.gateway, request.gateway6, request.subnet,
          request.subnet6};
}

}  // namespace

Network::Network(loop::Loop& loop, const CreateRequest& request, Complain complain)
    : loop_(loop),
      id_(request.network),
      dns_domain_(request.dns_domain),
      gateway_(gateway_of(request)),
      host_only_answers_(request.internal || !request.host_loopback),
      zone_(gateway_),
      switch_(gateway_,
              {[this](Member& member, const Packet& packet) { port_->receive(member, packet); },
               [this](const Packet& packet) {
                 if (tap_ && may_reach_host(packet, tap_->host(), host_only_answers_, host_answers_,
                                            Clock::now()))
                   tap_->send(packet.frame);
               },
               [this](const Packet& packet) { host_answers_.asked(packet, Clock::now()); }}) {
  GatewayPort::Parts parts;
  parts.gateway = gateway_;
  parts.policy = {request.internal, request.host_loopback};
  parts.mtu = request.mtu;
  parts.resolv_conf = request.resolv_conf;
  parts.dns_port = request.dns_port;
  port_ = std::make_unique<GatewayPort>(loop_, std::move(parts), zone_, switch_, complain);
  set_names(request.names);
  open_tap(request, complain);
}

Network::~Network() {
  while (!members_.empty()) detach(members_.begin()->first);
}

void Network::open_tap(const CreateRequest& request, const Complain& complain) {
  if (request.tap.empty()) return;
  auto tap = Tap::open(loop_, request.tap, gateway_, request.mtu,
                       [this](std::span<uint8_t> frame) { switch_.from_host(frame); });
  if (!tap) {
    // Without privilege that is how it is; anything else somebody may want to read.
    if (tap.error().code != Code::kDenied) complain(tap.error().message);
    why_no_tap_ = tap.error().message;
    return;
  }
  tap_ = std::move(*tap);
  switch_.set_host(&tap_->host());
  port_->set_own_interface(tap_->name());
}

Status Network::check(const AttachRequest& request) const {
  const Lease& lease = request.lease;
  if (!gateway_.subnet.contains(lease.v4) || gateway_.subnet.is_broadcast(lease.v4))
    return fail(Code::kInvalid, "address " + to_text(lease.v4) + " isn't one of the network's");
  if (lease.v6 && !(gateway_.subnet6 && gateway_.subnet6->contains(*lease.v6)))
    return fail(Code::kInvalid, "address " + to_text(*lease.v6) + " isn't one of the network's");
  const bool taken =
      gateway_.owns(lease.v4) || (lease.v6 && gateway_.owns(*lease.v6)) ||
      lease.mac == gateway_.mac ||
      (tap_ && (tap_->host().owns(lease.v4) || (lease.v6 && tap_->host().owns(*lease.v6)) ||
                tap_->host().mac == lease.mac));
  if (taken)
    return fail(Code::kConflict, "address " + to_text(lease.v4) + " or MAC " + to_text(lease.mac) +
                                     " belongs to the network itself");
  for (const auto& [container, member] : members_) {
    if (container == request.container) continue;
    if (member->lease.mac == lease.mac || member->lease.v4 == lease.v4 ||
        (lease.v6 && member->lease.v6 == lease.v6))
      return fail(Code::kConflict, "address " + to_text(lease.v4) + " or MAC " +
                                       to_text(lease.mac) + " belongs to container " + container);
  }
  return {};
}

Result<Network::Ends> Network::attach(const AttachRequest& request, UniqueFd end) {
  if (Status good = check(request); !good) return fail(std::move(good.error()));
  if (end && !is_cable(end.get()))
    return fail(Code::kInvalid, "the descriptor isn't the end of a network's cable");
  Ends ends;
  if (!end) {
    auto cable = make_cable();
    if (!cable) return fail(std::move(cable.error()));
    ends.vm = std::move(cable->first);
    end = std::move(cable->second);
    ends.spare.reset(::fcntl(end.get(), F_DUPFD_CLOEXEC, 0));
    if (!ends.spare) return fail_errno("keep the network's end of a cable", errno);
  }
  detach(request.container);
  auto ports = PublishedPorts::open(port_->stack(), port_->tcp(), request.ports, request.lease);
  if (!ports) return fail(std::move(ports.error()));
  auto member = std::make_unique<Member>();
  member->container = request.container;
  member->lease = request.lease;
  member->ports = std::move(*ports);
  Member* raw = member.get();
  member->socket = std::make_unique<FrameSocket>(
      loop_, std::move(end),
      FrameSocket::Callbacks{
          [this, raw](std::span<uint8_t> frame) { switch_.from_member(*raw, frame); },
          [this] { port_->settle(); }, [this, raw] { port_->cable_has_room(*raw); }});
  switch_.plug(*member);
  zone_.add(request.container, request.lease, request.names);
  members_[request.container] = std::move(member);
  return ends;
}

void Network::detach(const std::string& container) {
  const auto found = members_.find(container);
  if (found == members_.end()) return;
  Member& member = *found->second;
  member.ports.close();
  port_->reset_all(member);
  zone_.remove(container);
  switch_.unplug(member);
  members_.erase(found);
}

void Network::set_names(NetworkNames names) {
  if (dns_domain_) names.domains.push_back(*dns_domain_);
  zone_.set_domains(names.domains);
  zone_.set_host_names(names.host_names);
}

Json Network::inspect() const {
  Json members = Json::array();
  for (const auto& [container, member] : members_)
    members.push_back({{"container", container},
                       {"ipv4", to_text(member->lease.v4)},
                       {"ipv6", member->lease.v6 ? to_text(*member->lease.v6) : ""},
                       {"mac", to_text(member->lease.mac)}});
  return {{"members", std::move(members)}, {"tap", tap()}};
}

std::vector<std::string> Network::keep_only(const std::vector<std::string>& alive) {
  std::vector<std::string> gone;
  for (const auto& [container, member] : members_) {
    if (std::find(alive.begin(), alive.end(), container) == alive.end()) gone.push_back(container);
  }
  for (const std::string& container : gone) detach(container);
  return gone;
}

}  // namespace bulkhead::net
