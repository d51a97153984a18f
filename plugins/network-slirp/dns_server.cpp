#include "dns_server.hpp"

#include <sys/socket.h>

namespace bulkhead::net {
namespace {

constexpr size_t kMaxMessage = 65535;

}  // namespace

DnsServer::DnsServer(loop::Loop& loop, DnsZone& zone, DnsForwarder* forwarder, IsOurs is_ours)
    : zone_(zone),
      forwarder_(forwarder),
      streams_(
          loop, [this](Bytes message, const Reply& reply) { ask({}, message, false, reply); },
          std::move(is_ours)) {
  port4_ = listen(*parse_ip("127.0.0.1"));
  port6_ = listen(*parse_ip("::1"));
}

uint16_t DnsServer::listen(const Ip& ip) {
  SocketAddress address = socket_address(ip, 0);
  UniqueFd socket(
      ::socket(address.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!socket || ::bind(socket.get(), address.raw(), address.size) != 0 ||
      ::listen(socket.get(), SOMAXCONN) != 0 ||
      ::getsockname(socket.get(), address.raw(), &address.size) != 0)
    return 0;
  streams_.serve(std::move(socket));
  return port_of(address.storage);
}

void DnsServer::ask(const Ip& asker, Bytes message, bool udp, const Reply& reply) {
  const auto query = parse_dns_query(message);
  if (!query) return;
  const size_t limit = udp ? query->udp_size : kMaxMessage;
  if (query->opcode != 0) return reply(build_dns_answer(*query, kNotImp, false, {}, limit));
  if (const auto own = zone_.answer(*query))
    return reply(build_dns_answer(*query, own->rcode, true, own->records, limit));
  if (forwarder_ == nullptr) return reply(build_dns_answer(*query, kNxDomain, false, {}, limit));
  forwarder_->forward(asker, *query, message, [reply, query = *query, limit](Buffer answer) {
    reply(answer.size() > limit ? truncate_dns_answer(answer, query) : std::move(answer));
  });
}

}  // namespace bulkhead::net
