// The whole plugin, with containers played by the test and sockets of this host as the world.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>

#include <condition_variable>
#include <mutex>

#include "dns_message.hpp"
#include "network_plugin.hpp"
#include "scripted_member.hpp"

namespace bulkhead::net::test {
namespace {

struct Answer {
  Result<Json> result = Json();
  std::vector<UniqueFd> fds;
};

// A bh_host that keeps the one answer that is waited for.
class Host {
 public:
  Host() {
    host_.size = sizeof host_;
    host_.major = BH_PLUGIN_MAJOR;
    host_.ctx = this;
    host_.get_extension = [](const bh_host*, const char*) -> const void* { return nullptr; };
    host_.log = [](const bh_host*, int32_t, bh_op, bh_bytes) {};
    host_.progress = [](const bh_host*, bh_op, bh_bytes) {};
    host_.emit = [](const bh_host*, const char*, bh_bytes) {};
    host_.complete = [](const bh_host* host, bh_op, bh_bytes result, const bh_error* error,
                        const int* fds, uint32_t count) {
      Host* self = static_cast<Host*>(host->ctx);
      const auto text = [](bh_bytes bytes) {
        return std::string(reinterpret_cast<const char*>(bytes.data), bytes.len);
      };
      const std::lock_guard lock(self->mutex_);
      self->answer_.emplace();
      if (error != nullptr) {
        self->answer_->result = fail(static_cast<Code>(error->code), text(error->message));
      } else {
        self->answer_->result = Json::parse(text(result));
      }
      for (uint32_t i = 0; i < count; i++)
        self->answer_->fds.emplace_back(::fcntl(fds[i], F_DUPFD_CLOEXEC, 0));
      self->changed_.notify_all();
    };
  }
  plugin::Host host() const { return plugin::Host(&host_); }

  Answer call(plugin::Plugin& plugin, const std::string& method, Json body, UniqueFd fd = {}) {
    plugin::Request request{method, std::move(body), {}};
    if (fd) request.fds.push_back(std::move(fd));
    plugin::Reply reply(&host_, 1);
    EXPECT_TRUE(plugin.submit(request, reply));
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return answer_.has_value(); });
    Answer answer = std::move(*answer_);
    answer_.reset();
    return answer;
  }

 private:
  bh_host host_{};
  std::mutex mutex_;
  std::condition_variable changed_;
  std::optional<Answer> answer_;
};

struct Socket {
  UniqueFd fd;
  uint16_t port = 0;
};

Socket bound(int type) {
  Socket out{UniqueFd(::socket(AF_INET, type | SOCK_CLOEXEC, 0)), 0};
  SocketAddress address = socket_address(ip("127.0.0.1"), 0);
  ::bind(out.fd.get(), address.raw(), address.size);
  if (type == SOCK_STREAM) ::listen(out.fd.get(), 16);
  ::getsockname(out.fd.get(), address.raw(), &address.size);
  out.port = port_of(address.storage);
  return out;
}

uint16_t free_port(int type) {
  return bound(type).port;
}

UniqueFd connect_to(uint16_t port) {
  UniqueFd client(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const SocketAddress address = socket_address(ip("127.0.0.1"), port);
  EXPECT_EQ(::connect(client.get(), address.raw(), address.size), 0);
  const timeval patience{60, 0};
  ::setsockopt(client.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  return client;
}

std::string received(int fd) {
  char bytes[4096];
  const ssize_t size = ::recv(fd, bytes, sizeof bytes, 0);
  return size < 0 ? "error " + std::to_string(errno)
                  : std::string(bytes, static_cast<size_t>(size));
}

struct NetworkTest : testing::Test {
  ~NetworkTest() override { plugin.stop(); }

  void create(Json more = Json::object(), Json config = Json::object()) {
    ASSERT_TRUE(plugin.start(config));
    Json body = {
        {"network", "n"},          {"subnet", "192.168.64.0/24"}, {"gateway", "192.168.64.1"},
        {"subnetV6", "fd00::/64"}, {"gatewayV6", "fd00::1"},      {"mtu", 65520},
        {"domains", {"test"}}};
    body.update(more);
    const Answer made = host.call(plugin, "network.create", body);
    ASSERT_TRUE(made.result) << made.result.error().message;
  }
  static Json attachment(const char* name, const Lease& lease, const Json& ports = Json::array()) {
    return {{"container", name},          {"mac", to_text(lease.mac)}, {"ipv4", to_text(lease.v4)},
            {"ipv6", to_text(*lease.v6)}, {"names", {name}},           {"ports", ports}};
  }
  ScriptedMember attach(const char* name, const Lease& lease, const Json& ports = Json::array()) {
    Answer made = host.call(plugin, "network.attach", attachment(name, lease, ports));
    EXPECT_TRUE(made.result) << made.result.error().message;
    EXPECT_EQ(made.fds.size(), 2u);
    spare = std::move(made.fds.at(1));
    return {std::move(made.fds.at(0)), lease};
  }
  static Json published(uint16_t port, const char* proto) {
    return Json::array({{{"hostAddress", "127.0.0.1"},
                         {"hostPort", port},
                         {"containerPort", 80},
                         {"proto", proto},
                         {"count", 1}}});
  }

  Host host;
  NetworkPlugin plugin{host.host()};
  UniqueFd spare;
};

Buffer name_query(const char* name) {
  Buffer out = {0, 7, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0};
  append(out, *dns_name_to_wire(name));
  append16(out, kTypeA);
  append16(out, kClassIn);
  return out;
}

const auto kUdpOnly = [](const Packet& packet) { return packet.protocol == kUdp; };

TEST_F(NetworkTest, TheGatewayAnswersForItsAddresses) {
  create();
  ScriptedMember web = attach("web", kWeb);
  web.send(arp_request(kWeb, kGateway.v4));
  const auto arp = web.next([](const Packet& p) { return p.kind == Packet::Kind::kArp; });
  ASSERT_TRUE(arp);
  EXPECT_EQ(arp->arp_sender_mac, kGateway.mac);
  for (const Ip& gateway : {kGateway.v4, *kGateway.v6}) {
    Buffer echo = {gateway.v6 ? uint8_t{128} : uint8_t{8}, 0, 0, 0, 0, 1, 0, 1};
    const Ends ends = from(kWeb, gateway);
    write16(echo, 2, gateway.v6 ? checksum(ends.source, gateway, kIcmpV6, echo) : checksum(echo));
    web.send(build_ip(ends, gateway.v6 ? kIcmpV6 : kIcmp, echo));
    EXPECT_TRUE(web.next([&](const Packet& p) {
      return p.has_icmp && p.from == gateway && (p.icmp_type == 0 || p.icmp_type == 129);
    })) << to_text(gateway);
  }
}

TEST_F(NetworkTest, NamesAreAnsweredAndOthersForwarded) {
  const Socket resolver = bound(SOCK_DGRAM);
  const std::string path = testing::TempDir() + "/resolv.conf";
  std::FILE* file = std::fopen(path.c_str(), "w");
  std::fputs("nameserver 127.0.0.1\n", file);
  std::fclose(file);
  create(Json::object(), {{"resolvConf", path}, {"resolverPort", resolver.port}});
  ScriptedMember web = attach("web", kWeb);
  web.send(udp(kWeb, kGateway.v4, 999, 53, name_query("web.test")));
  const auto own = web.next(kUdpOnly);
  ASSERT_TRUE(own);
  EXPECT_EQ(own->destination_port, 999);
  EXPECT_EQ(own->data_bytes().back(), 2) << "the last byte of the address";
  web.send(udp(kWeb, *kGateway.v6, 998, 53, name_query("example.com")));
  uint8_t bytes[512];
  SocketAddress peer;
  peer.size = sizeof peer.storage;
  const ssize_t size =
      ::recvfrom(resolver.fd.get(), bytes, sizeof bytes, 0, peer.raw(), &peer.size);
  ASSERT_GT(size, 12);
  bytes[2] |= 0x80;
  bytes[3] = kNxDomain;
  ::sendto(resolver.fd.get(), bytes, static_cast<size_t>(size), 0, peer.raw(), peer.size);
  const auto forwarded = web.next(kUdpOnly);
  ASSERT_TRUE(forwarded);
  EXPECT_EQ(read16(forwarded->data_bytes(), 0), 7) << "the question's own id";
  EXPECT_EQ(forwarded->data_bytes()[3] & 15, kNxDomain);
}

TEST_F(NetworkTest, NamesAreAnsweredOverTcp) {
  create();
  ScriptedMember web = attach("web", kWeb);
  web.send(tcp(kWeb, kGateway.v4, 1234, 53, kSyn, 999));
  const auto accepted = web.segment(1234, kSyn | kAck);
  ASSERT_TRUE(accepted);
  EXPECT_EQ(accepted->source_port, 53);
  const Buffer query = name_query("web");
  std::string message{static_cast<char>(query.size() >> 8), static_cast<char>(query.size())};
  message.append(query.begin(), query.end());
  web.say(*accepted, kAck | kPsh, message);
  const auto answer =
      web.next([](const Packet& p) { return p.protocol == kTcp && p.data < p.frame.size(); });
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->frame.back(), 2);
}

TEST_F(NetworkTest, AContainerReachesTheHostsLoopback) {
  create();
  const Socket server = bound(SOCK_STREAM);
  ScriptedMember web = attach("web", kWeb);
  web.send(tcp(kWeb, kGateway.v4, 1234, server.port, kSyn, 999));
  const auto accepted = web.segment(1234, kSyn | kAck);
  ASSERT_TRUE(accepted);
  web.say(*accepted, kAck | kPsh, "hello");
  const UniqueFd peer(::accept(server.fd.get(), nullptr, nullptr));
  EXPECT_EQ(received(peer.get()), "hello");
}

TEST_F(NetworkTest, WithoutTheHostItIsRefused) {
  create({{"hostLoopback", false}});
  const Socket server = bound(SOCK_STREAM);
  ScriptedMember web = attach("web", kWeb);
  web.send(tcp(kWeb, kGateway.v4, 1234, server.port, kSyn, 999));
  EXPECT_TRUE(web.segment(1234, kRst));
}

TEST_F(NetworkTest, AnInternalNetworkHasNamesAndNoWayOut) {
  create({{"internal", true}});
  ScriptedMember web = attach("web", kWeb);
  web.send(tcp(kWeb, ip("1.2.3.4"), 1234, 80, kSyn, 999));
  EXPECT_TRUE(web.segment(1234, kRst));
  web.send(udp(kWeb, kGateway.v4, 999, 53, name_query("example.com")));
  const auto answer = web.next(kUdpOnly);
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->data_bytes()[3] & 15, kNxDomain);
}

TEST_F(NetworkTest, MembersHearEachOtherAndNoImpostor) {
  create();
  ScriptedMember web = attach("web", kWeb);
  ScriptedMember db = attach("db", kDb);
  Lease liar = kWeb;
  liar.v4 = ip("192.168.64.9");
  web.send(build_udp({kWeb.mac, kDb.mac, liar.v4, kDb.v4}, 1, 2, Buffer(1, 'x')));
  web.send(build_udp({kWeb.mac, kDb.mac, kWeb.v4, kDb.v4}, 3, 4, Buffer(1, 'x')));
  const auto heard = db.next(kUdpOnly);
  ASSERT_TRUE(heard);
  EXPECT_EQ(heard->source_port, 3) << "the first was a lie";
}

TEST_F(NetworkTest, APublishedPortCarriesAndEndsEachDirectionApart) {
  create();
  const uint16_t port = free_port(SOCK_STREAM);
  ScriptedMember web = attach("web", kWeb, published(port, "tcp"));
  const UniqueFd client = connect_to(port);
  const auto syn = web.segment(80, kSyn);
  ASSERT_TRUE(syn);
  web.say(*syn, kSyn | kAck);
  ASSERT_EQ(::send(client.get(), "ask", 3, 0), 3);
  ::shutdown(client.get(), SHUT_WR);
  auto fin = web.segment(80, kFin);
  ASSERT_TRUE(fin);
  web.say(*fin, kAck | kPsh, "answer");
  EXPECT_EQ(received(client.get()), "answer");
}

TEST_F(NetworkTest, ARefusedConnectionIsReset) {
  create();
  const uint16_t port = free_port(SOCK_STREAM);
  ScriptedMember web = attach("web", kWeb, published(port, "tcp"));
  const UniqueFd client = connect_to(port);
  const auto syn = web.segment(80, kSyn);
  ASSERT_TRUE(syn);
  web.say(*syn, kRst | kAck);
  EXPECT_EQ(received(client.get()), "error " + std::to_string(ECONNRESET));
}

TEST_F(NetworkTest, DetachResetsAndFreesThePort) {
  create();
  const uint16_t port = free_port(SOCK_STREAM);
  ScriptedMember web = attach("web", kWeb, published(port, "tcp"));
  const UniqueFd client = connect_to(port);
  const auto syn = web.segment(80, kSyn);
  ASSERT_TRUE(syn);
  web.say(*syn, kSyn | kAck);
  ASSERT_TRUE(web.segment(80, kAck));
  ASSERT_TRUE(host.call(plugin, "network.detach", {{"container", "web"}}).result);
  EXPECT_EQ(received(client.get()), "error " + std::to_string(ECONNRESET));
  attach("web", kWeb, published(port, "tcp"));
}

TEST_F(NetworkTest, APortInUseIsNamedAndNothingIsAttached) {
  create();
  const Socket taken = bound(SOCK_STREAM);
  const Answer answer =
      host.call(plugin, "network.attach", attachment("web", kWeb, published(taken.port, "tcp")));
  ASSERT_FALSE(answer.result);
  EXPECT_EQ(answer.result.error().code, Code::kConflict);
  EXPECT_EQ(answer.result.error().message,
            "port 127.0.0.1:" + std::to_string(taken.port) + "/tcp is already in use on this host");
  EXPECT_TRUE((*host.call(plugin, "network.inspect", Json::object()).result)["members"].empty());
}

TEST_F(NetworkTest, PublishedUdpHasReplies) {
  create({{"internal", true}});
  const uint16_t port = free_port(SOCK_DGRAM);
  ScriptedMember web = attach("web", kWeb, published(port, "udp"));
  const Socket client = bound(SOCK_DGRAM);
  const SocketAddress address = socket_address(ip("127.0.0.1"), port);
  ::connect(client.fd.get(), address.raw(), address.size);
  ASSERT_EQ(::send(client.fd.get(), "ask", 3, 0), 3);
  const auto asked = web.next(kUdpOnly);
  ASSERT_TRUE(asked);
  const Buffer reply = {'o', 'k'};
  web.send(
      build_udp({kWeb.mac, asked->source, kWeb.v4, asked->from}, 80, asked->source_port, reply));
  EXPECT_EQ(received(client.fd.get()), "ok");
}

TEST_F(NetworkTest, AThousandConnectionsAtOnce) {
  create();
  const uint16_t port = free_port(SOCK_STREAM);
  ScriptedMember web = attach("web", kWeb, published(port, "tcp"));
  std::vector<UniqueFd> clients;
  for (int i = 0; i < 1000; i++) {
    clients.push_back(connect_to(port));
    const auto syn = web.segment(80, kSyn);
    ASSERT_TRUE(syn) << i;
    web.say(*syn, kSyn | kAck);
  }
  ASSERT_EQ(::send(clients.front().get(), "first", 5, 0), 5);
  EXPECT_TRUE(
      web.next([](const Packet& p) { return p.protocol == kTcp && p.data < p.frame.size(); }));
}

TEST_F(NetworkTest, ACableGoesOnWithAnotherHost) {
  create();
  ScriptedMember web = attach("web", kWeb);
  plugin.stop();
  NetworkPlugin next{host.host()};
  ASSERT_TRUE(next.start(Json::object()));
  host.call(next, "network.create",
            {{"network", "n"},
             {"subnet", "192.168.64.0/24"},
             {"gateway", "192.168.64.1"},
             {"subnetV6", "fd00::/64"},
             {"gatewayV6", "fd00::1"},
             {"mtu", 1500}});
  Json body = attachment("web", kWeb);
  body["restore"] = true;
  const Answer restored = host.call(next, "network.attach", body, std::move(spare));
  ASSERT_TRUE(restored.result) << restored.result.error().message;
  EXPECT_TRUE(restored.fds.empty());
  web.send(arp_request(kWeb, kGateway.v4));
  EXPECT_TRUE(web.next([](const Packet& p) { return p.kind == Packet::Kind::kArp; }));
  next.stop();
}

TEST_F(NetworkTest, CollectsAndDeletes) {
  create();
  attach("web", kWeb);
  attach("db", kDb);
  const Answer gone = host.call(plugin, "network.gc", {{"containers", {"db"}}});
  EXPECT_EQ(*gone.result, Json({{"detached", {"web"}}}));
  EXPECT_TRUE(host.call(plugin, "network.delete", Json::object()).result);
  EXPECT_FALSE(host.call(plugin, "network.inspect", Json::object()).result);
}

}  // namespace
}  // namespace bulkhead::net::test
