// Questions and answers about names, from containers and resolvers that mean no good.
#include <poll.h>
#include <sys/socket.h>

#include <fstream>

#include "dns_message.hpp"
#include "hostile_fixture.hpp"

namespace bulkhead::net::test {
namespace {

// With a resolver of the test's own.
struct HostileNames : HostileTest {
  void SetUp() override {
    const std::string path = testing::TempDir() + "/hostile-resolv.conf";
    std::ofstream(path) << "nameserver 127.0.0.1\n";
    create(Json::object(), {{"resolvConf", path}, {"resolverPort", resolver.port}});
    const timeval patience{20, 0};
    ::setsockopt(resolver.fd.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  }
  struct Asked {
    Buffer message;
    SocketAddress peer;
  };
  Asked asked() {
    Asked out{Buffer(4096), {}};
    out.peer.size = sizeof out.peer.storage;
    const ssize_t size = ::recvfrom(resolver.fd.get(), out.message.data(), out.message.size(), 0,
                                    out.peer.raw(), &out.peer.size);
    EXPECT_GT(size, 12) << "nobody asked";
    out.message.resize(size > 0 ? static_cast<size_t>(size) : 0);
    return out;
  }
  void answer(const Asked& to, const Buffer& message) {
    ::sendto(resolver.fd.get(), message.data(), message.size(), 0, to.peer.raw(), to.peer.size);
  }
  std::optional<Packet> heard(ScriptedMember& member, uint16_t port) {
    return member.next(
        [&](const Packet& packet) { return is_udp(packet) && packet.destination_port == port; });
  }
  // The question's answer with one record of the name's address.
  static Buffer says(const Buffer& question, const Ip& address) {
    const auto query = parse_dns_query(question);
    return build_dns_answer(*query, kNoError, false, {address_record(address, 1)}, 512);
  }
  const Socket resolver = bound(SOCK_DGRAM);
};

// What an outside name means is its owner's business, also when it is an address in here: it is
// passed on as it came. What may be reached is decided by addresses, never by names; so an answer
// opens nothing that the address itself didn't.
TEST_F(HostileNames, AnOutsideNameOfAnInsideAddressOpensNothing) {
  for (const char* address : {"127.0.0.1", "192.168.64.1", "192.168.64.3", "10.0.0.1", "0.0.0.0"}) {
    evil().send(udp(kWeb, kGateway.v4, 999, 53, name_query("rebind.example")));
    const Asked question = asked();
    answer(question, says(question.message, ip(address)));
    const auto told = heard(evil(), 999);
    ASSERT_TRUE(told) << address;
    const Bytes bytes = told->data_bytes();
    EXPECT_EQ(Ip::read4(bytes, bytes.size() - 4), ip(address));
  }
  // The host's loopback by its own address is closed, and a neighbour isn't behind the gateway.
  const Socket server = bound(SOCK_STREAM);
  for (const char* address : {"127.0.0.1", "0.0.0.0", "192.168.64.3"})
    evil().send(tcp(kWeb, ip(address), 1234, server.port, kSyn));
  expect_unheard(tcp(kWeb, kDb.v4, 1234, server.port, kSyn));
  pollfd waiting{server.fd.get(), POLLIN, 0};
  EXPECT_EQ(::poll(&waiting, 1, 0), 0) << "somebody came in";
}

TEST_F(HostileNames, OwnNamesAreNeverAskedOutside) {
  for (const char* name : {"db", "db.test", "nobody.test", "host.container.internal",
                           "3.64.168.192.in-addr.arpa", "99.64.168.192.in-addr.arpa"}) {
    db();
    evil().send(udp(kWeb, kGateway.v4, 999, 53, name_query(name)));
    ASSERT_TRUE(heard(evil(), 999)) << name;
  }
  pollfd waiting{resolver.fd.get(), POLLIN, 0};
  EXPECT_EQ(::poll(&waiting, 1, 0), 0) << "the resolver was asked";
}

TEST_F(HostileNames, NamesThatPointAtThemselvesAreNoQuestions) {
  std::vector<Buffer> loops;
  const Buffer header = {0, 7, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0};
  // At itself, at the label before, forwards, beyond the end, into the header, and a chain of them.
  for (const Buffer& name :
       {Buffer{0xc0, 12}, Buffer{1, 'a', 0xc0, 12}, Buffer{0xc0, 14, 0}, Buffer{0xff, 0xff},
        Buffer{1, 'a', 0xc0, 0}, Buffer{1, 'a', 0xc0, 8}, Buffer{1, 'a', 0xc0, 14, 0xc0, 12},
        Buffer{0x40, 1}, Buffer{0x80, 1}, Buffer{0xc0}}) {
    Buffer message = header;
    append(message, name);
    append16(message, kTypeA);
    append16(message, kClassIn);
    loops.push_back(message);
  }
  // In a record behind the question.
  Buffer behind = name_query("db.test");
  behind[11] = 1;
  append16(behind, static_cast<uint16_t>(0xc000 | behind.size()));
  append16(behind, kTypeOpt);
  append32(behind, 0);
  append32(behind, 0);
  loops.push_back(behind);
  // A name longer than names can be.
  Buffer endless = header;
  for (int i = 0; i < 10; i++) {
    endless.push_back(63);
    endless.insert(endless.end(), 63, 'a');
  }
  endless.push_back(0);
  append32(endless, kTypeA << 16 | kClassIn);
  loops.push_back(endless);

  std::vector<Buffer> frames;
  for (const Buffer& message : loops) {
    frames.push_back(udp(kWeb, kGateway.v4, 999, 53, message));
    frames.push_back(udp(kWeb, *kGateway.v6, 999, 53, message));
  }
  expect_unheard(frames);

  db();
  evil().send(tcp(kWeb, kGateway.v4, 1234, 53, kSyn, 999));
  const auto accepted = evil().segment(1234, kSyn | kAck);
  ASSERT_TRUE(accepted);
  std::string all;
  for (const Buffer& message : loops) all += with_length(message);
  evil().say(*accepted, kAck | kPsh, all + with_length(name_query("db")));
  const auto answer =
      evil().next([](const Packet& p) { return p.protocol == kTcp && p.data < p.frame.size(); });
  ASSERT_TRUE(answer) << "the one question among them";
  EXPECT_EQ(answer->frame.back(), 3);
  pollfd waiting{resolver.fd.get(), POLLIN, 0};
  EXPECT_EQ(::poll(&waiting, 1, 0), 0) << "the resolver was asked";
}

TEST_F(HostileNames, AnAnswerToAnotherQuestionIsNone) {
  evil().send(udp(kWeb, kGateway.v4, 999, 53, name_query("right.example")));
  const Asked question = asked();
  Buffer wrong_id = says(question.message, ip("1.1.1.1"));
  write16(wrong_id, 0, static_cast<uint16_t>(read16(wrong_id, 0) + 1));
  answer(question, wrong_id);
  Buffer other = name_query("wrong.example");
  write16(other, 0, read16(question.message, 0));
  answer(question, says(other, ip("1.1.1.2")));
  Buffer loop = says(question.message, ip("1.1.1.3"));
  loop.resize(12);
  append16(loop, 0xc00c);
  append32(loop, kTypeA << 16 | kClassIn);
  answer(question, loop);
  answer(question, {});
  answer(question, Buffer(3, 0xff));
  answer(question, says(question.message, ip("1.1.1.4")));
  const auto told = heard(evil(), 999);
  ASSERT_TRUE(told);
  EXPECT_EQ(told->data_bytes().back(), 4);
}

TEST_F(HostileNames, WhoAsksForeverLeavesOthersTheirNames) {
  db();
  for (uint16_t i = 0; i < 2000; i++)
    evil().send(udp(kWeb, kGateway.v4, static_cast<uint16_t>(1000 + i), 53,
                    name_query(("slow" + std::to_string(i) + ".example").c_str())));
  EXPECT_THAT(heard_by(db()), testing::IsEmpty());
  db().send(udp(kDb, kGateway.v4, 999, 53, name_query("wanted.example")));
  for (;;) {
    const Asked question = asked();
    ASSERT_FALSE(question.message.empty());
    if (parse_dns_query(question.message)->name != "wanted.example") continue;
    answer(question, says(question.message, ip("1.1.1.5")));
    break;
  }
  const auto told = heard(db(), 999);
  ASSERT_TRUE(told);
  EXPECT_EQ(told->data_bytes().back(), 5);
}

}  // namespace
}  // namespace bulkhead::net::test
