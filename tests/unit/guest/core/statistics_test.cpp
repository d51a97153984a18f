#include "guest/core/statistics.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace bulkhead::guest {
namespace {

TEST(Statistics, SingleNumbers) {
  EXPECT_EQ(parse_single("123\n"), 123u);
  EXPECT_EQ(parse_single("18446744073709551615\n"), UINT64_MAX);
  EXPECT_EQ(parse_single("max\n"), 0u);
  EXPECT_EQ(parse_single(""), 0u);
}

TEST(Statistics, KeyedLines) {
  constexpr std::string_view kCpu = "usage_usec 42\nuser_usec 40\nsystem_usec 2\n";
  EXPECT_EQ(parse_keyed(kCpu, "usage_usec"), 42u);
  EXPECT_EQ(parse_keyed(kCpu, "system_usec"), 2u);
  EXPECT_EQ(parse_keyed(kCpu, "usage"), 0u);
  // oom must not be taken for oom_kill.
  EXPECT_EQ(parse_keyed("low 0\noom 3\noom_kill 2\noom_group_kill 0\n", "oom_kill"), 2u);
}

TEST(Statistics, NestedSumsOverDevices) {
  constexpr std::string_view kIo =
      "254:0 rbytes=100 wbytes=1 rios=2 wios=3 dbytes=0 dios=0\n254:16 rbytes=11 wbytes=22\n254:32 "
      "\n";
  EXPECT_EQ(sum_nested(kIo, "rbytes"), 111u);
  EXPECT_EQ(sum_nested(kIo, "wbytes"), 23u);
  EXPECT_EQ(sum_nested("", "rbytes"), 0u);
}

TEST(Statistics, TrafficLeavesLoopbackOut) {
  constexpr std::string_view kDev =
      "Inter-|   Receive                                                |  Transmit\n"
      " face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs "
      "drop fifo colls carrier compressed\n"
      "    lo:    1000      10    0    0    0     0          0         0     1000      10    0    "
      "0    0     0       0          0\n"
      "  eth0:      70       1    0    0    0     0          0         0       90       1    0    "
      "0    0     0       0          0\n"
      "  eth1:5       1    0    0    0     0          0         0       6       1    0    0    0   "
      "  0       0          0\n";
  Traffic traffic = parse_traffic(kDev);
  EXPECT_EQ(traffic.received, 75u);
  EXPECT_EQ(traffic.sent, 96u);
}

TEST(Statistics, JsonHasTheProtocolsKeys) {
  auto json = nlohmann::json::parse(to_json({1, 2, 3, 4, 5, 6, 7, 8}));
  EXPECT_EQ(json, (nlohmann::json{{"memoryUsageBytes", 1},
                                  {"memoryLimitBytes", 2},
                                  {"cpuUsageUsec", 3},
                                  {"blockReadBytes", 4},
                                  {"blockWriteBytes", 5},
                                  {"numProcesses", 6},
                                  {"networkRxBytes", 7},
                                  {"networkTxBytes", 8}}));
}

}  // namespace
}  // namespace bulkhead::guest
