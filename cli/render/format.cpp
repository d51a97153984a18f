#include "render/format.hpp"

#include <nlohmann/json.hpp>

namespace bulkhead::cli {

using nlohmann::json;

Format parse_format(std::string_view text) {
  if (text == "json") return Format::kJson;
  if (text == "yaml") return Format::kYaml;
  if (text == "toml") return Format::kToml;
  return Format::kTable;
}

std::string compact_json(const json& tree) {
  return tree.dump(-1, ' ', false, json::error_handler_t::replace) + "\n";
}

std::string pretty_json(const json& tree) {
  return tree.dump(2, ' ', false, json::error_handler_t::replace) + "\n";
}

std::string document(const json& tree, Format format) {
  switch (format) {
    case Format::kYaml:
      return yaml_text(tree);
    case Format::kToml:
      return toml_text(tree);
    default:
      return compact_json(tree);
  }
}

}  // namespace bulkhead::cli
