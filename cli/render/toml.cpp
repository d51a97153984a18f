// JSON trees as TOML, by toml++. TOML has no null and no array at its top: nulls are left out, and
// a list stands under "items".
#include <toml++/toml.h>
#include <nlohmann/json.hpp>
#include <sstream>

#include "render/format.hpp"

namespace bulkhead::cli {

using nlohmann::json;

namespace {

toml::table table_of(const json& tree);

// Calls `put` with the value as TOML knows it; not at all for null.
template <class Put>
void with_value(const json& value, const Put& put);

toml::array array_of(const json& list) {
  toml::array array;
  for (const json& value : list) {
    with_value(value, [&](auto&& item) { array.push_back(std::forward<decltype(item)>(item)); });
  }
  return array;
}

template <class Put>
void with_value(const json& value, const Put& put) {
  if (value.is_object()) {
    put(table_of(value));
  } else if (value.is_array()) {
    put(array_of(value));
  } else if (value.is_string()) {
    put(value.get<std::string>());
  } else if (value.is_boolean()) {
    put(value.get<bool>());
  } else if (value.is_number_float()) {
    put(value.get<double>());
  } else if (value.is_number()) {
    put(value.get<int64_t>());
  }
}

toml::table table_of(const json& tree) {
  toml::table table;
  for (const auto& [key, value] : tree.items()) {
    with_value(value, [&, name = key](auto&& item) {
      table.insert_or_assign(name, std::forward<decltype(item)>(item));
    });
  }
  return table;
}

}  // namespace

std::string toml_text(const json& tree) {
  std::ostringstream text;
  text << table_of(tree.is_object() ? tree : json{{"items", tree}}) << "\n";
  return text.str();
}

}  // namespace bulkhead::cli
