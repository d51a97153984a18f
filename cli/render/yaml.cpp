// JSON trees as YAML, by yaml-cpp. A string that YAML would read as something else ("no", "1e3",
// "") must come out quoted, whether it is a value or a key; yaml-cpp quotes only what doesn't parse
// as a plain scalar, so the words that change type are listed here.
#include <yaml-cpp/yaml.h>

#include <nlohmann/json.hpp>
#include <regex>

#include "render/format.hpp"

namespace bulkhead::cli {

using nlohmann::json;

namespace {

bool changes_type(const std::string& text) {
  static const std::regex kWords("(~|null|true|false|yes|no|on|off|y|n|\\.nan|[-+]?\\.inf)",
                                 std::regex::icase);
  static const std::regex kNumbers("[-+]?[0-9.][-+0-9a-fA-FxXoO_:.]*([tT ].*)?");
  return text.empty() || std::regex_match(text, kWords) || std::regex_match(text, kNumbers);
}

void emit_text(YAML::Emitter& out, const std::string& text) {
  if (changes_type(text)) out << YAML::DoubleQuoted;
  out << text;
}

void emit(YAML::Emitter& out, const json& tree) {
  if (tree.is_object()) {
    out << YAML::BeginMap;
    for (const auto& [key, value] : tree.items()) {
      out << YAML::Key;
      emit_text(out, key);
      out << YAML::Value;
      emit(out, value);
    }
    out << YAML::EndMap;
  } else if (tree.is_array()) {
    if (tree.empty()) out << YAML::Flow;
    out << YAML::BeginSeq;
    for (const auto& value : tree) emit(out, value);
    out << YAML::EndSeq;
  } else if (tree.is_string()) {
    emit_text(out, tree.get_ref<const std::string&>());
  } else if (tree.is_null()) {
    out << YAML::Null;
  } else {
    out << tree.dump();
  }
}

}  // namespace

std::string yaml_text(const json& tree) {
  YAML::Emitter out;
  emit(out, tree);
  return std::string(out.c_str()) + "\n";
}

}  // namespace bulkhead::cli
