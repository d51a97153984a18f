#include "model/property_decide.hpp"

#include "model/facts.hpp"

namespace bulkhead::model {
namespace {

Failure unknown(const std::string& key) {
  return fail(Code::kNotFound, "there is no property \"" + key + "\"",
              "`container system property list` shows those that exist");
}

}  // namespace

std::optional<std::string> property_value(const State& state, std::string_view key) {
  if (auto set = state.properties.find(key); set != state.properties.end()) return set->second;
  const PropertyDefinition* definition = find_property(key);
  if (definition == nullptr || !definition->fallback) return std::nullopt;
  return std::string(*definition->fallback);
}

Result<Decision> decide_property_set(const State& state, const std::string& key,
                                     const std::string& value, const Origin& origin) {
  const PropertyDefinition* definition = find_property(key);
  if (definition == nullptr) return unknown(key);
  if (auto good = definition->check(value); !good)
    return fail(std::move(good.error()).context("property " + key));
  auto set = state.properties.find(key);
  if (set != state.properties.end() && set->second == value) return Decision{};
  Decision decision;
  decision.push_back(
      fact(stream_name("property", key), "property.set", {{"key", key}, {"value", value}}, origin));
  return decision;
}

Result<Decision> decide_property_clear(const State& state, const std::string& key,
                                       const Origin& origin) {
  // A key of a version that had more of them can still be cleared.
  if (find_property(key) == nullptr && !state.properties.count(key)) return unknown(key);
  if (!state.properties.count(key)) return Decision{};
  Decision decision;
  decision.push_back(
      fact(stream_name("property", key), "property.cleared", {{"key", key}}, origin));
  return decision;
}

}  // namespace bulkhead::model
