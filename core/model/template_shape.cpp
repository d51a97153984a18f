#include "model/template_shape.hpp"

#include <algorithm>

#include "model/facts.hpp"
#include "model/read_json.hpp"
#include "model/time_text.hpp"

namespace bulkhead::model {
namespace {

constexpr int64_t kSmallest = int64_t{1} << 30;
constexpr int64_t kLargest = int64_t{8} << 30;

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

Json template_shape(const Json& machine) {
  if (!machine.is_object() || machine.contains("initDisk")) return nullptr;
  const auto memory = template_memory(read_integer(machine, "memoryBytes").value_or(0));
  if (!memory) return nullptr;
  Json shape = Json::object();
  for (const char* key :
       {"accelerator", "cpus", "kernel", "initramfs", "kernelArgs", "virtualization"}) {
    if (machine.contains(key)) shape[key] = machine[key];
  }
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

std::vector<std::string> surplus_templates(const State& state, size_t most) {
  std::vector<std::string> surplus;
  std::vector<Entry> all = newest_first(state);
  for (; all.size() > most; all.pop_back()) surplus.push_back(all.back().first);
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
