#include "model/template_shape.hpp"

#include <algorithm>

#include "bulkhead/size.hpp"
#include "model/facts.hpp"
#include "model/property_decide.hpp"
#include "model/read_json.hpp"
#include "model/time_text.hpp"

namespace bulkhead::model {
namespace {

constexpr int64_t kSmallest = int64_t{1} << 30;
constexpr int64_t kLargest = int64_t{8} << 30;
// As many as a container gets that doesn't ask.
constexpr int64_t kFewestCpus = 4;

std::string stream_of(std::string_view key) {
  return "template/" + std::string(key);
}

using Entry = std::pair<std::string, TemplateState>;

std::vector<Entry> newest_first(const State& state) {
  std::vector<Entry> all(state.templates.begin(), state.templates.end());
  std::stable_sort(all.begin(), all.end(), [](const Entry& one, const Entry& other) {
    return one.second.used_at_us > other.second.used_at_us;
  });
  return all;
}

}  // namespace

std::optional<int64_t> template_memory(int64_t container_bytes) {
  int64_t memory = kSmallest;
  while (memory < container_bytes && memory <= kLargest) memory *= 2;
  if (memory > kLargest) return std::nullopt;
  return memory;
}

int64_t template_cpus(int64_t container_cpus) {
  int64_t cpus = kFewestCpus;
  while (cpus < container_cpus) cpus *= 2;
  return cpus;
}

Json template_shape(const Json& machine) {
  if (!machine.is_object() || machine.contains("initDisk")) return nullptr;
  const auto memory = template_memory(read_integer(machine, "memoryBytes").value_or(0));
  if (!memory) return nullptr;
  Json shape = Json::object();
  for (const char* key : {"accelerator", "kernel", "initramfs", "kernelArgs", "virtualization"}) {
    if (machine.contains(key)) shape[key] = machine[key];
  }
  shape["cpus"] = template_cpus(read_integer(machine, "cpus").value_or(1));
  shape["memoryBytes"] = *memory;
  return shape;
}

Json template_view(std::string_view key, const TemplateState& saved) {
  return {{"id", key},
          {"cpus", read_integer(saved.shape, "cpus").value_or(0)},
          {"memoryInBytes", read_integer(saved.shape, "memoryBytes").value_or(0)},
          {"accelerator", read_text(saved.shape, "accelerator")},
          {"kernel", read_text(saved.shape, "kernel")},
          {"sizeInBytes", saved.bytes},
          {"creationDate", time_seconds(saved.built_at_us)},
          {"lastUsedDate", time_seconds(saved.used_at_us)}};
}

Json templates_view(const State& state) {
  Json all = Json::array();
  for (const auto& [key, saved] : newest_first(state)) all.push_back(template_view(key, saved));
  return all;
}

std::vector<SurplusTemplate> surplus_templates(const State& state) {
  const std::string most = property_value(state, "template.maximum").value_or("4");
  const std::string room = property_value(state, "template.maximumSize").value_or("1g");
  const auto bytes = static_cast<int64_t>(parse_size(room).value_or(uint64_t{1} << 30));
  std::vector<SurplusTemplate> surplus;
  std::vector<Entry> all = newest_first(state);
  int64_t taken = 0;
  for (const Entry& one : all) taken += one.second.bytes;
  for (; all.size() > 1; all.pop_back()) {
    const bool too_many = all.size() > std::stoul(most);
    if (!too_many && taken <= bytes) break;
    surplus.push_back({all.back().first, too_many ? "there are more than " + most + " templates"
                                                  : "templates take more than " + room});
    taken -= all.back().second.bytes;
  }
  return surplus;
}

NewEvent template_built(std::string_view key, const TemplateState& saved, int64_t elapsed_ms) {
  return fact(stream_of(key), "template.built",
              {{"shape", saved.shape},
               {"recipe", saved.recipe},
               {"bytes", saved.bytes},
               {"ramDigest", saved.ram_digest},
               {"stateDigest", saved.state_digest},
               {"elapsedMs", elapsed_ms}});
}

NewEvent template_dropped(std::string_view key, std::string_view reason, const Origin& origin) {
  return fact(stream_of(key), "template.dropped", {{"reason", reason}}, origin);
}

void evolve_template(State& state, const Event& event) {
  const std::string key = event.stream.substr(event.stream.find('/') + 1);
  if (event.is("template.built", Phase::kFact)) {
    TemplateState saved;
    saved.shape = member(event.data, "shape");
    saved.recipe = read_text(event.data, "recipe");
    saved.bytes = read_integer(event.data, "bytes").value_or(0);
    saved.ram_digest = read_text(event.data, "ramDigest");
    saved.state_digest = read_text(event.data, "stateDigest");
    saved.built_at_us = saved.used_at_us = event.at_us;
    state.templates.insert_or_assign(key, std::move(saved));
  } else if (event.is("template.dropped", Phase::kFact)) {
    state.templates.erase(key);
  }
}

Json template_snapshot(const TemplateState& saved) {
  return {{"shape", saved.shape},
          {"recipe", saved.recipe},
          {"bytes", saved.bytes},
          {"ramDigest", saved.ram_digest},
          {"stateDigest", saved.state_digest},
          {"builtAt", saved.built_at_us},
          {"usedAt", saved.used_at_us}};
}

TemplateState template_from_snapshot(const Json& json) {
  TemplateState saved;
  saved.shape = member(json, "shape");
  saved.recipe = read_text(json, "recipe");
  saved.bytes = read_integer(json, "bytes").value_or(0);
  saved.ram_digest = read_text(json, "ramDigest");
  saved.state_digest = read_text(json, "stateDigest");
  saved.built_at_us = read_integer(json, "builtAt").value_or(0);
  saved.used_at_us = read_integer(json, "usedAt").value_or(0);
  return saved;
}

}  // namespace bulkhead::model
