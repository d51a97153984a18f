#include "dns_streams.hpp"

#include <sys/socket.h>

#include <algorithm>

namespace bulkhead::net {
namespace {

constexpr uint64_t kIdleMs = 10'000;

}  // namespace

void DnsStreams::serve(UniqueFd listening) {
  listeners_.push_back(std::make_unique<loop::Listener>(
      loop_, std::move(listening), [this](UniqueFd socket) { accepted(std::move(socket)); }));
}

void DnsStreams::accepted(UniqueFd socket) {
  SocketAddress peer;
  peer.size = sizeof peer.storage;
  if (::getpeername(socket.get(), peer.raw(), &peer.size) != 0 || !admits_(peer)) return;
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

void DnsStreams::received(const std::shared_ptr<Connection>& connection, std::string_view bytes) {
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
    if (++connection->asked > kMaxAsked || connection->stream->queued() > kMaxUnread)
      return close(connection);
    ask_(message, [weak](const Buffer& answer) {
      const auto open = weak.lock();
      if (!open || !open->stream || !open->stream->open()) return;
      open->asked--;
      std::string out{static_cast<char>(answer.size() >> 8), static_cast<char>(answer.size())};
      out.append(answer.begin(), answer.end());
      open->stream->write(std::move(out));
    });
  }
}

void DnsStreams::close(const std::shared_ptr<Connection>& connection) {
  connections_.remove(connection);
}

}  // namespace bulkhead::net
