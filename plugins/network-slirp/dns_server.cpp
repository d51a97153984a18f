#include "dns_server.hpp"

#include <sys/socket.h>

#include <algorithm>

namespace bulkhead::net {
namespace {

constexpr size_t kMaxMessage = 65535;
constexpr size_t kMaxAsked = 16;  // over one connection, before answers
constexpr uint64_t kIdleMs = 10'000;

}  // namespace

DnsServer::DnsServer(loop::Loop& loop, DnsZone& zone, DnsForwarder* forwarder, IsOurs is_ours)
    : loop_(loop), zone_(zone), forwarder_(forwarder), is_ours_(std::move(is_ours)) {
  port4_ = listen(*parse_ip("127.0.0.1"), listener4_);
  port6_ = listen(*parse_ip("::1"), listener6_);
}

uint16_t DnsServer::listen(const Ip& ip, std::unique_ptr<loop::Listener>& listener) {
  SocketAddress address = socket_address(ip, 0);
  UniqueFd socket(
      ::socket(address.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!socket || ::bind(socket.get(), address.raw(), address.size) != 0 ||
      ::listen(socket.get(), SOMAXCONN) != 0 ||
      ::getsockname(socket.get(), address.raw(), &address.size) != 0)
    return 0;
  listener = std::make_unique<loop::Listener>(
      loop_, std::move(socket),
      [this](UniqueFd accepted_socket) { accepted(std::move(accepted_socket)); });
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

void DnsServer::accepted(UniqueFd socket) {
  SocketAddress peer;
  peer.size = sizeof peer.storage;
  if (::getpeername(socket.get(), peer.raw(), &peer.size) != 0 || !is_ours_(peer)) return;
  if (connections_.size() >= kMaxConnections) connections_.pop_front();
  const auto connection = std::make_shared<Connection>();
  connections_.push_back(connection);
  connection->stream = std::make_unique<loop::FdStream>(loop_, std::move(socket));
  const std::weak_ptr<Connection> weak = connection;
  connection->timer = std::make_unique<loop::Timer>(loop_, [this, weak] {
    if (const auto open = weak.lock()) close(open);
  });
  connection->timer->start(kIdleMs);
  loop::FdStream::Callbacks callbacks;
  callbacks.read = [this, weak](std::string_view bytes, std::vector<UniqueFd>&) {
    if (const auto open = weak.lock()) received(open, bytes);
  };
  callbacks.closed = [this, weak](const Status&) {
    if (const auto open = weak.lock()) close(open);
  };
  connection->stream->set_callbacks(std::move(callbacks));
  connection->stream->resume();
}

void DnsServer::received(const std::shared_ptr<Connection>& connection, std::string_view bytes) {
  connection->in += bytes;
  connection->timer->start(kIdleMs);
  const auto position = std::find(connections_.begin(), connections_.end(), connection);
  connections_.splice(connections_.end(), connections_, position);
  const std::weak_ptr<Connection> weak = connection;
  while (connection->in.size() >= 2) {
    const Bytes in(reinterpret_cast<const uint8_t*>(connection->in.data()), connection->in.size());
    const size_t length = read16(in, 0);
    if (in.size() - 2 < length) return;
    const Buffer message(in.begin() + 2, in.begin() + 2 + static_cast<ptrdiff_t>(length));
    connection->in.erase(0, 2 + length);
    if (++connection->asked > kMaxAsked) return close(connection);
    ask({}, message, false, [weak](const Buffer& answer) {
      const auto open = weak.lock();
      if (!open || !open->stream || !open->stream->open()) return;
      open->asked--;
      std::string out{static_cast<char>(answer.size() >> 8), static_cast<char>(answer.size())};
      out.append(answer.begin(), answer.end());
      open->stream->write(std::move(out));
    });
  }
}

void DnsServer::close(const std::shared_ptr<Connection>& connection) {
  connections_.remove(connection);
}

}  // namespace bulkhead::net
