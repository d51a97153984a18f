#include "qmp_session.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace bulkhead::qemu {
namespace {

using Json = nlohmann::json;

constexpr const char* kGreeting =
    R"({"QMP": {"version": {"qemu": {"micro": 22, "minor": 2, "major": 7}, "package": "x"}, "capabilities": []}})"
    "\r\n";

struct QmpSessionTest : testing::Test {
  std::vector<std::string> events;
  Json last_data;
  QmpSession session{[this](std::string_view name, const Json& data) {
    events.emplace_back(name);
    last_data = data;
  }};
};

TEST_F(QmpSessionTest, NegotiatesCapabilitiesAfterTheGreeting) {
  ASSERT_TRUE(session.feed(kGreeting));
  EXPECT_EQ(session.version(), "7.2.22");
  EXPECT_EQ(Json::parse(session.take_output())["execute"], "qmp_capabilities");
}

TEST_F(QmpSessionTest, HoldsCommandsBackUntilTheGreeting) {
  session.execute("query-status", [](Result<Json>) {});
  EXPECT_EQ(session.take_output(), "");
  ASSERT_TRUE(session.feed(kGreeting));
  const std::string out = session.take_output();
  EXPECT_LT(out.find("qmp_capabilities"), out.find("query-status"));
}

TEST_F(QmpSessionTest, MatchesAnswersToCommandsWhateverTheirOrder) {
  ASSERT_TRUE(session.feed(kGreeting));
  std::string first, second;
  session.execute("one", [&](Result<Json> r) { first = r->value("v", ""); });
  session.execute("two", [&](Result<Json> r) { second = r ? "ok" : r.error().message; });
  ASSERT_TRUE(session.feed("{\"id\":2,\"error\":{\"class\":\"X\",\"desc\":\"no such thing\"}}\n"));
  ASSERT_TRUE(session.feed("{\"id\":1,\"return\":{\"v\":\"yes\"}}\n"));
  EXPECT_EQ(first, "yes");
  EXPECT_EQ(second, "QEMU: no such thing");
}

TEST_F(QmpSessionTest, TakesBytesCutAnywhere) {
  const std::string all =
      std::string(kGreeting) +
      R"({"event": "SHUTDOWN", "data": {"guest": true, "reason": "guest-reset"}})"
      "\r\n";
  for (char c : all) ASSERT_TRUE(session.feed({&c, 1}));
  ASSERT_EQ(events, std::vector<std::string>{"SHUTDOWN"});
  EXPECT_EQ(last_data["guest"], true);
}

TEST_F(QmpSessionTest, RefusesWhatDoesNotGreet) {
  EXPECT_FALSE(session.feed("{\"hello\": 1}\n"));
}

TEST_F(QmpSessionTest, RefusesWhatIsNotJson) {
  ASSERT_TRUE(session.feed(kGreeting));
  EXPECT_FALSE(session.feed("SSH-2.0\n"));
}

TEST_F(QmpSessionTest, RefusesALineWithoutEnd) {
  const std::string kilobyte(1024, 'x');
  int taken = 0;
  while (taken < 100 && session.feed(kilobyte)) ++taken;
  EXPECT_EQ(taken, 64);
}

TEST_F(QmpSessionTest, IgnoresAnswersNobodyAskedFor) {
  ASSERT_TRUE(session.feed(kGreeting));
  EXPECT_TRUE(session.feed("{\"id\":99,\"return\":{}}\n{\"return\":7}\n"));
}

}  // namespace
}  // namespace bulkhead::qemu
