// What the renderers make of trees: tables, YAML, TOML, event lines, stats.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "render/event.hpp"
#include "render/field.hpp"
#include "render/format.hpp"
#include "render/images.hpp"
#include "render/reclaimed.hpp"
#include "render/stats.hpp"
#include "render/table.hpp"

namespace bulkhead::cli {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

TEST(Table, ColumnsAreAsWideAsTheirWidestCell) {
  Table table({"A", "BB", "C"});
  table.add({"long", "x", ""});
  table.add({"\xC3\xBC", "y", "z"});
  EXPECT_EQ(table.text(), "A     BB  C\nlong  x\n\xC3\xBC     y   z\n");
}

TEST(Table, ControlCharactersDoNotReachTheTerminal) {
  Table table({"A"});
  table.add({"\x1b[2Jx\ny\x7f"});
  EXPECT_EQ(table.text(), "A\n?[2Jx?y?\n");
}

TEST(Field, ShapesThatAreNotAsExpectedAreEmpty) {
  const json tree = {{"a", {{"b", "x"}, {"n", 5}, {"list", {"p", 1, "q"}}}}};
  EXPECT_EQ(text_at(tree, "a.b"), "x");
  EXPECT_EQ(text_at(tree, "a.n"), "5");
  EXPECT_EQ(text_at(tree, "a.missing.deeper"), "");
  EXPECT_EQ(text_at(tree, "a.b.c"), "");
  EXPECT_EQ(text_at(tree, "a"), "");
  EXPECT_EQ(number_at(tree, "a.n"), 5U);
  EXPECT_EQ(number_at(tree, "a.b"), 0U);
  EXPECT_EQ(number_at({{"n", -5}}, "n"), 0U);
  EXPECT_EQ(texts_at(tree, "a.list"), (std::vector<std::string>{"p", "q"}));
  EXPECT_TRUE(list_at(tree, "a.b").empty());
  EXPECT_EQ(text_at(json::array(), "a"), "");
}

TEST(Yaml, KeepsTypes) {
  const std::string text = yaml_text({{"id", "web"},
                                      {"word", "yes"},
                                      {"number", "1e3"},
                                      {"empty", ""},
                                      {"time", "2026-11-24T03:01:02Z"},
                                      {"n", 5},
                                      {"b", true},
                                      {"none", nullptr},
                                      {"list", {"a", "b"}},
                                      {"nothing", json::array()}});
  EXPECT_THAT(text, HasSubstr("id: web\n"));
  EXPECT_THAT(text, HasSubstr("word: \"yes\"\n"));
  EXPECT_THAT(text, HasSubstr("number: \"1e3\"\n"));
  EXPECT_THAT(text, HasSubstr("empty: \"\"\n"));
  EXPECT_THAT(text, HasSubstr("\"n\": 5\n"));
  EXPECT_THAT(text, HasSubstr("b: true\n"));
  EXPECT_THAT(text, HasSubstr("list:\n  - a\n  - b\n"));
  EXPECT_THAT(text, HasSubstr("nothing: []\n"));
}

TEST(Yaml, KeepsKeysStrings) {
  EXPECT_EQ(yaml_text({{"yes", 1}}), "\"yes\": 1\n");
  EXPECT_EQ(yaml_text({{"no", {{"null", 1}}}}), "\"no\":\n  \"null\": 1\n");
  EXPECT_EQ(yaml_text({{"1.0", "a"}}), "\"1.0\": a\n");
  EXPECT_EQ(yaml_text({{"true", "a"}}), "\"true\": a\n");
  EXPECT_EQ(yaml_text({{"", "a"}}), "\"\": a\n");
  EXPECT_EQ(yaml_text({{"org.example/no", "a"}}), "org.example/no: a\n");
}

TEST(Toml, ListsStandUnderItemsAndNullsAreLeftOut) {
  EXPECT_EQ(toml_text({{"b", 1}, {"a", "x"}, {"none", nullptr}}), "a = 'x'\nb = 1\n");
  EXPECT_EQ(toml_text({{{"id", "one"}}, {{"id", "two"}}}),
            "[[items]]\nid = 'one'\n\n[[items]]\nid = 'two'\n");
}

TEST(ShortName, IsWhatPeopleType) {
  const auto shown = [](const char* reference) {
    return short_name(reference).name + " " + short_name(reference).tag;
  };
  EXPECT_EQ(shown("docker.io/library/web:1.2"), "web 1.2");
  EXPECT_EQ(shown("docker.io/team/web:latest"), "team/web latest");
  EXPECT_EQ(shown("localhost:5000/web:x"), "localhost:5000/web x");
  EXPECT_EQ(shown("Not A Reference"), "Not A Reference ");
  EXPECT_EQ(shown(""), "<none> <none>");
}

TEST(Event, ALineForPeople) {
  const std::string line = event_line(
      {{"seq", 7},
       {"at", "2026-11-24T03:01:02.5Z"},
       {"stream", "image/x"},
       {"type", "image.tagged"},
       {"phase", "fact"},
       {"data",
        {{"reference", std::string(200, 'r')}, {"note", "\x1b[2J"}, {"image", {{"deep", 1}}}}}});
  EXPECT_THAT(line, HasSubstr("note=?[2J reference=" + std::string(64, 'r') + "..."));
  EXPECT_EQ(event_line(json::object()).find("null"), std::string::npos);
  EXPECT_NO_THROW(event_line({{"data", 5}, {"at", 7}}));
}

TEST(Stats, AShareNeedsTwoSamples) {
  const auto start = std::chrono::steady_clock::now();
  const auto sample = [&](int seconds, uint64_t cpu) {
    return StatsSample{start + std::chrono::seconds(seconds),
                       {{{"id", "web"},
                         {"cpuUsageUsec", cpu},
                         {"memoryUsageBytes", 1U << 20},
                         {"memoryLimitBytes", 1U << 30},
                         {"networkRxBytes", 0},
                         {"networkTxBytes", 0},
                         {"blockReadBytes", 512},
                         {"blockWriteBytes", 0},
                         {"numProcesses", 3}}}};
  };
  EXPECT_EQ(stats_table(sample(0, 1'000'000), sample(2, 2'000'000)),
            "Container ID  Cpu %   Memory Usage   Net Rx/Tx  Block I/O    Pids\n"
            "web           50.00%  1 MiB / 1 GiB  0 B / 0 B  512 B / 0 B  3\n");
  EXPECT_THAT(stats_table({}, sample(0, 5)), HasSubstr("web           --"));
  EXPECT_THAT(stats_table(sample(0, 9), sample(2, 5)), HasSubstr("web           --"));
}

TEST(Reclaimed, NothingIsZeroKb) {
  EXPECT_EQ(reclaimed_line(0), "Reclaimed Zero KB in disk space");
  EXPECT_EQ(reclaimed_line(1500000), "Reclaimed 1.5 MB in disk space");
}

}  // namespace
}  // namespace bulkhead::cli
