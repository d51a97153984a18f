#include "guest_requests.hpp"

#include <gtest/gtest.h>

namespace bulkhead::qemu {
namespace {

std::string encode(std::string_view text) {
  return base64({reinterpret_cast<const uint8_t*>(text.data()), text.size()});
}

TEST(Base64, MatchesTheVectorsOfRfc4648) {
  EXPECT_EQ(encode(""), "");
  EXPECT_EQ(encode("f"), "Zg==");
  EXPECT_EQ(encode("fo"), "Zm8=");
  EXPECT_EQ(encode("foo"), "Zm9v");
  EXPECT_EQ(encode("foob"), "Zm9vYg==");
  EXPECT_EQ(encode("fooba"), "Zm9vYmE=");
  EXPECT_EQ(encode("foobar"), "Zm9vYmFy");
}

TEST(ContainerBody, NamesDisksByTheirSerial) {
  CreateRequest request;
  request.guest = {{"readOnlyRoot", true}};
  request.machine.writable_disk = "/d/w.ext4";
  const Json body = container_body(request, 1, "");
  EXPECT_EQ(body["rootfs"],
            (Json{{"image", "image"}, {"writable", "writable"}, {"readOnly", true}}));
}

TEST(ContainerBody, HasNoWritableDiskIfTheMachineHasNone) {
  CreateRequest request;
  request.guest = Json::object();
  EXPECT_EQ(container_body(request, 1, "")["rootfs"]["writable"], nullptr);
}

TEST(ContainerBody, PassesOnWhatTheDaemonOrdered) {
  CreateRequest request;
  request.hostname = "web";
  request.guest = {
      {"hosts", "::1 x\n"}, {"sysctls", {{"net.core.somaxconn", "9"}}}, {"memoryBytes", 5}};
  const Json body = container_body(request, 42, "ZW50cm9weQ==");
  EXPECT_EQ(body["hostname"], "web");
  EXPECT_EQ(body["timeUs"], 42);
  EXPECT_EQ(body["entropy"], "ZW50cm9weQ==");
  EXPECT_EQ(body["hosts"], "::1 x\n");
  EXPECT_EQ(body["sysctls"]["net.core.somaxconn"], "9");
  EXPECT_EQ(body["memoryBytes"], 5);
}

TEST(ContainerBody, PassesNetworksAndMountsOnAsTheyAre) {
  CreateRequest request;
  request.guest = {{"networks", {{{"mac", "f2:62:00:00:00:01"}}}},
                   {"mounts", {{{"type", "tmpfs"}, {"destination", "/t"}}}}};
  const Json body = container_body(request, 1, "");
  EXPECT_EQ(body["networks"], request.guest["networks"]);
  EXPECT_EQ(body["mounts"], request.guest["mounts"]);
  EXPECT_FALSE(body.contains("sockets"));
}

TEST(ContainerBody, SaysWhatCarriesEachFolder) {
  CreateRequest request;
  request.machine.shares = {{"a", "/a"}, {"b", "/b"}};
  request.machine.shares[0].virtiofs = true;
  request.guest["mounts"] = Json::parse(R"([
    {"type": "share", "source": "b", "destination": "/b"},
    {"type": "share", "source": "a", "destination": "/a"},
    {"type": "disk", "source": "a", "destination": "/d"}])");
  const Json mounts = container_body(request, 1, "")["mounts"];
  EXPECT_EQ(mounts[0]["transport"], "9p");
  EXPECT_EQ(mounts[1]["transport"], "virtiofs");
  EXPECT_FALSE(mounts[2].contains("transport"));
  EXPECT_EQ(destinations_of("a", request.guest), Json::array({"/a"}));
}

TEST(ContainerBody, NamesSocketsByNumberAndKeepsTheHostsPathsToItself) {
  CreateRequest request;
  request.guest = Json::object();
  request.machine.sockets = {{Socket::Direction::kToHost, "/h/agent", "/agent", {}},
                             {Socket::Direction::kToGuest, "/h/app", "/app", 0600}};
  EXPECT_EQ(container_body(request, 1, "")["sockets"],
            (Json{{{"direction", "to-host"}, {"guest", "/agent"}, {"id", 0}},
                  {{"direction", "to-guest"}, {"guest", "/app"}, {"id", 1}}}));
}

TEST(ProcessHead, IsALengthAndThatManyBytesOfJson) {
  ProcessRequest request;
  request.process = {{"args", {"sh"}}};
  request.with_stdin = true;
  const std::string head = process_head(request);
  const auto* bytes = reinterpret_cast<const uint8_t*>(head.data());
  const uint32_t length =
      uint32_t{bytes[0]} << 24 | uint32_t{bytes[1]} << 16 | uint32_t{bytes[2]} << 8 | bytes[3];
  ASSERT_EQ(head.size(), 4 + length);
  EXPECT_EQ(Json::parse(head.substr(4)), (Json{{"args", {"sh"}}, {"stdin", true}}));
}

TEST(GuestError, KeepsCodeAndMessage) {
  const Error error = guest_error(400, R"({"code":127,"message":"nosuch: not found in PATH"})");
  EXPECT_EQ(error.code, Code::kCommandNotFound);
  EXPECT_EQ(error.message, "nosuch: not found in PATH");
}

TEST(GuestError, LetsNoGuestClaimAHostsError) {
  EXPECT_EQ(guest_error(500, R"({"code":50,"message":"m"})").code, Code::kInternal);
  EXPECT_EQ(guest_error(500, R"({"code":0,"message":"m"})").code, Code::kInternal);
}

TEST(GuestError, TamesAMessageMadeForTheTerminal) {
  const std::string body =
      Json{{"code", 3}, {"message", "\x1b[2J" + std::string(5000, 'x')}}.dump();
  const Error error = guest_error(404, body);
  EXPECT_EQ(error.message.find('\x1b'), std::string::npos);
  EXPECT_LE(error.message.size(), 512u);
}

TEST(GuestError, CutsAMessageBetweenCharacters) {
  std::string message;
  while (message.size() < 600) message += "\xE2\x82\xAC";
  const Error error = guest_error(400, Json{{"code", 3}, {"message", message}}.dump());
  EXPECT_NO_THROW((void)Json(error.message).dump());
}

TEST(GuestError, SurvivesABodyThatIsNoError) {
  for (const char* body : {"", "[]", "{\"code\":\"x\",\"message\":7}", "\xff\xfe"}) {
    EXPECT_FALSE(guest_error(500, body).message.empty()) << body;
  }
}

}  // namespace
}  // namespace bulkhead::qemu
