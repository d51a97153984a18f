#include "render/timeline.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <nlohmann/json.hpp>

#include "render/field.hpp"
#include "render/table.hpp"

namespace bulkhead::cli {

using nlohmann::json;

namespace {

struct Step {
  int64_t at_us;
  std::string what;
};

// "2026-11-27T07:26:18.253508Z"
std::optional<int64_t> time_of(const std::string& text) {
  std::tm parts{};
  const char* rest = strptime(text.c_str(), "%Y-%m-%dT%H:%M:%S", &parts);
  if (!rest) return std::nullopt;
  double fraction = 0;
  if (*rest == '.') fraction = std::strtod(rest, nullptr);
  return int64_t{timegm(&parts)} * 1'000'000 + static_cast<int64_t>(fraction * 1e6 + 0.5);
}

std::string in_ms(int64_t us) {
  char text[32];
  snprintf(text, sizeof text, "%.1f ms", static_cast<double>(us) / 1000);
  return text;
}

class Steps {
 public:
  explicit Steps(int64_t began) : began_(began) {}

  void add(std::optional<int64_t> at_us, std::string what) {
    if (at_us && *at_us >= began_) steps_.push_back({*at_us, std::move(what)});
  }
  void add_event(const json& event) {
    const std::string type = text_at(event, "type"), phase = text_at(event, "phase");
    const auto at = time_of(text_at(event, "at"));
    if (type == "container.create" && phase == "intent") add(at, "create is asked for");
    if (type == "container.create" && phase == "outcome") add(at, "its disks are made");
    if (type == "container.start" && phase == "intent") {
      started_ = at;
      add(at, "start is asked for");
    }
    if (type == "container.start" && phase == "outcome") add_start(event.value("data", json()));
    if (type == "container.exited")
      add(number_at(event.value("data", json()), "at"), "its process has ended");
    if (type == "container.vm-stopped") add(at, "its machine is off");
    if (type == "container.delete" && phase == "outcome") add(at, "it is removed");
  }
  std::string text() {
    std::stable_sort(steps_.begin(), steps_.end(),
                     [](const Step& one, const Step& other) { return one.at_us < other.at_us; });
    Table table({"AT", "TOOK", "UNTIL"});
    int64_t before = began_;
    for (const Step& step : steps_) {
      table.add({in_ms(step.at_us - began_), in_ms(step.at_us - before), step.what});
      before = step.at_us;
    }
    return table.text();
  }

 private:
  // Times since the start was asked for, and of the machine since it was ordered.
  void add_start(const json& outcome) {
    if (!started_) return;
    const json steps = outcome.value("steps", json::object());
    const json timing = outcome.value("timing", json::object());
    auto since_start = [&](const char* key, const char* what) {
      if (steps.contains(key)) add(*started_ + number_at(steps, key), what);
    };
    const bool parked = outcome.value("parked", false);
    const bool cloned = outcome.value("cloned", false);
    since_start("hostUs", parked ? "a parked machine is taken" : "its host process is there");
    since_start("networksUs", "its networks are joined");
    since_start("orderedUs", "its machine is ordered");
    const int64_t ordered = *started_ + number_at(steps, "orderedUs");
    auto since_order = [&](const char* key, const char* what) {
      if (number_at(timing, key) > 0) add(ordered + number_at(timing, key), what);
    };
    since_order("spawnedUs", "QEMU is started");
    since_order("qmpUs", "QEMU is ready");
    since_order("agentUs", parked   ? "QEMU has its disks"
                           : cloned ? "the clone's agent speaks"
                                    : "the guest has booted");
    since_order("readyUs", "the guest has mounted everything");
    since_start("processUs", "its process is started");
  }

  int64_t began_;
  std::optional<int64_t> started_;
  std::vector<Step> steps_;
};

}  // namespace

std::string timeline_text(const RunMarks& marks, const std::vector<json>& events) {
  Steps steps(marks.began);
  for (const json& event : events) steps.add_event(event);
  steps.add(marks.first_output, "its first output is written");
  steps.add(marks.told_end, "the command knows of the end");
  steps.add(marks.ended, "the command ends");
  return steps.text();
}

}  // namespace bulkhead::cli
