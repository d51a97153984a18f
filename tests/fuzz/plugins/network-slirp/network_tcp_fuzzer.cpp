// Segments of a hostile container at one connection of the gateway's TCP, with a socket behind it
// whose other end talks back.
//
// The input is steps: a byte that says what happens, and for a segment its flags, how far its
// numbers are from those that would be right, its window, its options and its data's length.
#include <sys/epoll.h>
#include <sys/socket.h>

#include <cstdlib>

#include "tcp_connection.hpp"

using namespace bulkhead;
using namespace bulkhead::net;

namespace {

struct Input {
  Bytes bytes;
  uint8_t byte() {
    if (bytes.empty()) return 0;
    const uint8_t first = bytes[0];
    bytes = bytes.subspan(1);
    return first;
  }
  uint16_t word() {
    const auto high = static_cast<uint16_t>(byte() << 8);
    return static_cast<uint16_t>(high | byte());
  }
  // Mostly near, sometimes anywhere.
  uint32_t offset() {
    const uint16_t value = word();
    return (value & 1) != 0 ? static_cast<uint32_t>(static_cast<int16_t>(value) >> 8)
                            : uint32_t{value} << 17;
  }
};

struct World {
  World() {
    auto cable = *make_cable();
    vm = std::move(cable.first);
    member.lease = {{0xf26200000002}, *parse_ip("192.168.64.2"), std::nullopt};
    member.socket = std::make_unique<FrameSocket>(
        loop, std::move(cable.second),
        FrameSocket::Callbacks{[](std::span<uint8_t>) {}, [] {}, [] {}});
  }
  loop::Loop loop;
  UniqueFd vm;
  Member member;
};

class Session {
 public:
  Session(World& world, Input input) : world_(world), input_(input) {
    int ends[2];
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) != 0)
      std::abort();
    host_.reset(ends[0]);
    const Ip other = *parse_ip("1.2.3.4");
    const Mac gateway{0x5255c0a84001};
    wire_ = {&world.member,
             {gateway, world.member.lease.mac, other, world.member.lease.v4},
             80,
             4321,
             65520,
             *parse_ip("192.168.64.1")};
    if ((input_.byte() & 1) != 0) {
      const Buffer syn = segment(kSyn);
      const auto packet = parse_packet(syn);
      if (!packet) return;
      connection_ = std::make_unique<TcpConnection>(wire_, UniqueFd(ends[1]), *packet);
    } else {
      connection_ = std::make_unique<TcpConnection>(wire_, UniqueFd(ends[1]));
    }
  }

  void run() {
    while (connection_ && !connection_->ended() && !input_.bytes.empty()) step();
    connection_.reset();
    if (world_.member.tcp_bytes != 0) std::abort();  // what is counted is counted back
  }

 private:
  void step() {
    static const std::vector<char> kText(100'000, 'x');
    static std::vector<char> heard(300'000);
    switch (input_.byte() % 8) {
      case 0:
        (void)!::send(host_.get(), kText.data(), input_.word() * 2u % kText.size(), MSG_NOSIGNAL);
        return connection_->socket_ready(EPOLLIN);
      case 1:
        (void)!::recv(host_.get(), heard.data(), heard.size(), 0);
        return connection_->socket_ready(EPOLLOUT);
      case 2:
        ::shutdown(host_.get(), SHUT_WR);
        return connection_->socket_ready(EPOLLIN | EPOLLRDHUP);
      case 3:
        now_ += std::chrono::milliseconds(input_.word());
        return connection_->tick(now_);
      case 4:
        return connection_->acknowledge();
      default:
        break;
    }
    const Buffer said = segment(input_.byte());
    const auto packet = parse_packet(said);
    if (packet && packet->protocol == kTcp) connection_->segment(*packet);
    listen();
  }

  Buffer segment(uint8_t flags) {
    TcpHead head;
    head.ends = {wire_.ends.destination_mac, wire_.ends.source_mac, wire_.ends.destination,
                 wire_.ends.source};
    head.source_port = wire_.member_port;
    head.destination_port = wire_.other_port;
    head.seq = expected_ + input_.offset();
    head.ack = heard_ + input_.offset();
    head.flags = flags;
    head.window = input_.word();
    const TcpOffer offer{input_.word(), input_.byte()};
    if ((flags & kSyn) != 0) head.offer = &offer;
    Buffer room(kTcpRoom + input_.word() % 65'000);
    const auto frame = write_segment(room, head);
    return {frame.begin(), frame.end()};
  }

  // What the gateway says is what the next numbers are near to.
  void listen() {
    static Buffer frame(70'000);
    ssize_t size = 0;
    while ((size = ::recv(world_.vm.get(), frame.data(), frame.size(), MSG_DONTWAIT)) > 0) {
      const auto packet = parse_packet(Bytes(frame).first(static_cast<size_t>(size)));
      if (!packet) std::abort();  // we send nothing that we wouldn't take
      if (packet->protocol != kTcp) continue;
      heard_ = packet->seq + packet->tcp_length();
      if ((packet->tcp_flags & kAck) != 0) expected_ = packet->ack;
    }
    world_.loop.run_once();
  }

  World& world_;
  Input input_;
  UniqueFd host_;
  TcpConnection::Wire wire_;
  std::unique_ptr<TcpConnection> connection_;
  TcpConnection::Clock::time_point now_ = TcpConnection::Clock::now();
  uint32_t expected_ = 7000, heard_ = 0;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static World& world = *new World;
  Session(world, {{data, size}}).run();
  uint8_t rest[70'000];
  do {
    world.loop.run_once();
  } while (::recv(world.vm.get(), rest, sizeof rest, MSG_DONTWAIT) > 0);
  return 0;
}
