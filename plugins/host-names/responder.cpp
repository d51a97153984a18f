#include "responder.hpp"

#include <sys/socket.h>

#include <cerrno>

namespace bulkhead::names {
namespace {

// At one go; who asks over TCP wants his turn too.
constexpr int kMostAtOnce = 64;

}  // namespace

Responder::Responder(loop::Loop& loop, Listening sockets, NameTable table)
    : table_(std::move(table)),
      streams_(
          loop,
          [this](net::Bytes message, const net::DnsStreams::Reply& reply) {
            if (net::Buffer answer = table_.answer(message, false); !answer.empty())
              reply(std::move(answer));
          },
          [](const net::SocketAddress& peer) { return is_loopback(net::ip_of(peer.storage)); }),
      udp_(std::move(sockets.udp)),
      poll_(loop, udp_.get(), [this](int) { receive(); }) {
  streams_.serve(std::move(sockets.tcp));
  poll_.watch(UV_READABLE);
}

void Responder::receive() {
  net::Buffer buffer(65536);
  for (int i = 0; i < kMostAtOnce; i++) {
    net::SocketAddress peer;
    peer.size = sizeof peer.storage;
    const ssize_t size =
        ::recvfrom(udp_.get(), buffer.data(), buffer.size(), 0, peer.raw(), &peer.size);
    if (size < 0) {
      if (errno == EAGAIN) return;
      continue;  // interrupted, or an answer that nobody waited for has come back
    }
    if (!is_loopback(net::ip_of(peer.storage))) continue;
    const net::Bytes message(buffer.data(), static_cast<size_t>(size));
    const net::Buffer answer = table_.answer(message, true);
    if (!answer.empty())
      ::sendto(udp_.get(), answer.data(), answer.size(), MSG_NOSIGNAL, peer.raw(), peer.size);
  }
}

}  // namespace bulkhead::names
