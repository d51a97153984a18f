#include "render/timeline.hpp"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

namespace bulkhead::cli {
namespace {

using nlohmann::json;

constexpr int64_t kSecond = 1'795'764'378'000'000;  // 2026-11-27T07:26:18Z

json event(const char* at, const char* type, const char* phase, json data = json::object()) {
  return {{"at", std::string("2026-11-27T07:26:18.") + at + "Z"},
          {"type", type},
          {"phase", phase},
          {"data", std::move(data)}};
}

TEST(Timeline, StepsOfBothSidesAreInTheirOrder) {
  RunMarks marks;
  marks.began = kSecond + 100'000;
  marks.first_output = kSecond + 190'000;
  marks.told_end = kSecond + 200'000;
  marks.ended = kSecond + 230'500;
  const std::vector<json> events = {
      event("050000", "container.delete", "outcome"),  // of one with the same name, before
      event("102000", "container.create", "intent"),
      event("110000", "container.create", "outcome"),
      event("112000", "container.start", "intent"),
      event("180000", "container.start", "outcome",
            {{"parked", true},
             {"cloned", true},
             {"steps",
              {{"hostUs", 1000}, {"networksUs", 3000}, {"orderedUs", 4000}, {"processUs", 66000}}},
             {"timing", {{"spawnedUs", 0}, {"qmpUs", 0}, {"agentUs", 5000}, {"readyUs", 45000}}}}),
      event("197000", "container.exited", "fact", {{"at", kSecond + 195'000}}),
  };
  EXPECT_EQ(timeline_text(marks, events),
            "AT        TOOK     UNTIL\n"
            "2.0 ms    2.0 ms   create is asked for\n"
            "10.0 ms   8.0 ms   its disks are made\n"
            "12.0 ms   2.0 ms   start is asked for\n"
            "13.0 ms   1.0 ms   a parked machine is taken\n"
            "15.0 ms   2.0 ms   its networks are joined\n"
            "16.0 ms   1.0 ms   its machine is ordered\n"
            "21.0 ms   5.0 ms   QEMU has its disks\n"
            "61.0 ms   40.0 ms  the guest has mounted everything\n"
            "78.0 ms   17.0 ms  its process is started\n"
            "90.0 ms   12.0 ms  its first output is written\n"
            "95.0 ms   5.0 ms   its process has ended\n"
            "100.0 ms  5.0 ms   the command knows of the end\n"
            "130.5 ms  30.5 ms  the command ends\n");
}

TEST(Timeline, WhatTheJournalDoesntSayIsLeftOut) {
  RunMarks marks{kSecond, {}, {}, kSecond + 1'000};
  EXPECT_EQ(timeline_text(marks, {event("oops", "container.start", "outcome"), json(3)}),
            "AT      TOOK    UNTIL\n"
            "1.0 ms  1.0 ms  the command ends\n");
}

}  // namespace
}  // namespace bulkhead::cli
