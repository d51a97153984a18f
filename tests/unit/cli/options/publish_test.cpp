// --publish and --publish-socket: addresses, ranges, protocols, and what would be in each other's
// way.
#include "options/publish.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "command/table.hpp"
#include "options/publish_socket.hpp"

namespace bulkhead::cli {
namespace {

using ::testing::HasSubstr;

// As one line: "127.0.0.1 8080 -> 80/tcp x1".
std::string shown(const std::string& text) {
  const auto port = parse_publish(text);
  if (!port) return "refused: " + port.error().message;
  return port->host_address + " " + std::to_string(port->host_port) + " -> " +
         std::to_string(port->container_port) + "/" + port->protocol + " x" +
         std::to_string(port->count);
}

TEST(Publish, IsOnTheLoopbackByTcpUnlessToldOtherwise) {
  EXPECT_EQ(shown("8080:80"), "127.0.0.1 8080 -> 80/tcp x1");
  EXPECT_EQ(shown("8080:80/udp"), "127.0.0.1 8080 -> 80/udp x1");
  EXPECT_EQ(shown("8080:80/TCP"), "127.0.0.1 8080 -> 80/tcp x1");
  EXPECT_EQ(shown("8080:80/Udp"), "127.0.0.1 8080 -> 80/udp x1");
  EXPECT_EQ(shown("0.0.0.0:8080:80"), "0.0.0.0 8080 -> 80/tcp x1");
  EXPECT_EQ(shown("[::1]:8080:80"), "::1 8080 -> 80/tcp x1");
  EXPECT_EQ(shown("[::]:8080:80/udp"), ":: 8080 -> 80/udp x1");
}

TEST(Publish, RangesAreEquallyLong) {
  EXPECT_EQ(shown("8080-8089:80-89"), "127.0.0.1 8080 -> 80/tcp x10");
  EXPECT_EQ(shown("[::1]:1-65535:1-65535/udp"), "::1 1 -> 1/udp x65535");
  EXPECT_EQ(shown("8080-8080:80"), "127.0.0.1 8080 -> 80/tcp x1");
  EXPECT_THAT(shown("8080-8089:80-88"), HasSubstr("10 port(s) of the host to 9"));
  EXPECT_THAT(shown("8080-8089:80"), HasSubstr("10 port(s) of the host to 1"));
  EXPECT_THAT(shown("8089-8080:80-89"), HasSubstr("ends before it begins"));
}

TEST(Publish, PortsAreFrom1To65535) {
  EXPECT_EQ(shown("1:65535"), "127.0.0.1 1 -> 65535/tcp x1");
  for (const char* bad : {"0:80", "80:0", "65536:80", "80:65536", "65535-65536:1-2", "-1:80"}) {
    EXPECT_THAT(shown(bad), HasSubstr("at least 1 and at most 65535")) << bad;
  }
}

TEST(Publish, OnePortAloneIsRefusedWithTheForm) {
  for (const char* bad : {"80", "", "/udp", "80/tcp", "[::1]:80"}) {
    EXPECT_THAT(shown(bad), HasSubstr("names one port only")) << bad;
  }
}

TEST(Publish, RefusesMistakes) {
  for (const char* bad : {":",
                          "::",
                          "a:b",
                          "80:",
                          ":80",
                          "80:80/",
                          "80:80/sctp",
                          "80:80/tcp/udp",
                          "localhost:80:80",
                          "127.0.0.256:80:80",
                          "::1:80:80",
                          "[::1:80:80",
                          "[127.0.0.1]:80:80",
                          "[]:80:80",
                          "[::1]80:80",
                          "127.0.0.1:80:80:80",
                          "80-:80",
                          "80-81-82:1-3",
                          "-:80",
                          " 80:80",
                          "[::1%lo]:80:80"}) {
    const auto port = parse_publish(bad);
    ASSERT_FALSE(port) << bad;
    EXPECT_EQ(port.error().code, kUsage) << bad;
    EXPECT_THAT(port.error().message, HasSubstr("--publish '" + std::string(bad) + "'"));
  }
}

TEST(Publish, TwoCannotTakeTheSamePort) {
  for (const auto& texts :
       std::vector<std::vector<std::string>>{{"8080:80", "8080:81"},
                                             {"8080-8090:80-90", "8090:1"},
                                             {"8090:1", "8080-8090:80-90"},
                                             {"127.0.0.1:8080:80", "0.0.0.0:8080:80"},
                                             {"[::]:8080:80", "[::1]:8080:80"},
                                             {"0.0.0.0:8080:80", "1:1", "8080:80"}}) {
    const auto ports = parse_published(texts);
    ASSERT_FALSE(ports) << texts[0];
    EXPECT_THAT(ports.error().message, HasSubstr("same port of the host")) << texts[0];
  }
}

TEST(Publish, DifferentAddressesAndProtocolsDoNotMeet) {
  EXPECT_EQ(parse_published(
                {"8080:80", "8080:80/udp", "[::1]:8080:80", "127.0.0.2:8080:80", "8081-8089:80-88"})
                ->size(),
            5U);
}

TEST(Publish, SixtyFourAreEnough) {
  std::vector<std::string> texts;
  for (int i = 1; i <= 64; ++i) texts.push_back(std::to_string(8000 + i) + ":80");
  EXPECT_EQ(parse_published(texts)->size(), 64U);
  texts.emplace_back("9000:80");
  EXPECT_THAT(parse_published(texts).error().message, HasSubstr("at most 64"));
}

TEST(PublishSocket, HostPathsAreMadeAbsolute) {
  const auto socket = parse_publish_socket("/tmp/./a.sock:/run/b.sock");
  ASSERT_TRUE(socket) << socket.error().message;
  EXPECT_EQ(socket->host_path, "/tmp/a.sock");
  EXPECT_EQ(socket->container_path, "/run/b.sock");
  EXPECT_TRUE(parse_publish_socket("a.sock:/b")->host_path.starts_with('/'));
}

TEST(PublishSocket, RefusesMistakes) {
  const std::string deep = "/" + std::string(107, 'a');
  for (const std::string& bad :
       {std::string(), std::string("/a"), std::string(":/b"), std::string("/a:"),
        std::string("/a:b"), std::string("/a:/b:ro"), std::string("/tmp/:/b"),
        std::string("/a:/b/"), deep + ":/b", "/a:" + deep}) {
    const auto socket = parse_publish_socket(bad);
    ASSERT_FALSE(socket) << bad;
    EXPECT_EQ(socket.error().code, kUsage) << bad;
    EXPECT_THAT(socket.error().message, HasSubstr("--publish-socket")) << bad;
  }
}

TEST(PublishSocket, TwoCannotShareAHostPath) {
  EXPECT_TRUE(parse_published_sockets({"/a:/b", "/c:/b"}));
  EXPECT_THAT(parse_published_sockets({"/a:/b", "/./a:/c"}).error().message, HasSubstr("twice"));
}

}  // namespace
}  // namespace bulkhead::cli
