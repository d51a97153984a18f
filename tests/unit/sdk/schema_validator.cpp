#include "schema_validator.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <regex>
#include <set>

namespace bulkhead {
namespace {

const std::set<std::string> kKnown = {"$schema", "$defs",    "title",    "description",
                                      "type",    "items",    "enum",     "properties",
                                      "$ref",    "required", "minItems", "additionalProperties",
                                      "minimum", "maximum",  "pattern"};

bool is_of_type(const Json& value, const std::string& type) {
  if (type == "object") return value.is_object();
  if (type == "array") return value.is_array();
  if (type == "string") return value.is_string();
  if (type == "boolean") return value.is_boolean();
  if (type == "integer") return value.is_number_integer();
  return type == "null" && value.is_null();
}

}  // namespace

std::vector<std::string> SchemaValidator::check(const Json& value, const std::string& reference) {
  problems_.clear();
  std::string file;
  const Json schema = resolve(reference, file);
  check(value, schema, file, "");
  return problems_;
}

// "file#/$defs/name", the file relative to `file`, which becomes the one that was read.
Json SchemaValidator::resolve(const std::string& reference, std::string& file) {
  const size_t hash = reference.find('#');
  if (hash > 0) {
    const auto base = std::filesystem::path(file).parent_path();
    file = (base / reference.substr(0, hash)).lexically_normal();
  }
  std::ifstream stream(directory_ + "/" + file);
  const Json document = Json::parse(stream, nullptr, false);
  const Json::json_pointer pointer(reference.substr(hash + 1));
  if (document.is_discarded() || !document.contains(pointer)) {
    problems_.push_back("there is no schema " + reference);
    return Json::object();
  }
  return document[pointer];
}

void SchemaValidator::check(const Json& value, const Json& schema, const std::string& file,
                            const std::string& where) {
  for (const auto& [keyword, argument] : schema.items()) {
    if (!kKnown.contains(keyword)) problems_.push_back("unknown keyword " + keyword);
  }
  if (schema.contains("$ref")) {
    std::string target = file;
    const Json next = resolve(schema["$ref"], target);
    return check(value, next, target, where);
  }
  if (schema.contains("type")) check_type(value, schema["type"], where);
  if (schema.contains("enum")) {
    const Json& choices = schema["enum"];
    if (std::find(choices.begin(), choices.end(), value) == choices.end()) {
      problems_.push_back(where + ": " + dump_json(value) + " is none of " + dump_json(choices));
    }
  }
  if (value.is_number() && ((schema.contains("minimum") && value < schema["minimum"]) ||
                            (schema.contains("maximum") && value > schema["maximum"]))) {
    problems_.push_back(where + ": " + dump_json(value) + " is out of range");
  }
  if (value.is_string() && schema.contains("pattern") &&
      !std::regex_search(value.get<std::string>(),
                         std::regex(schema["pattern"].get<std::string>()))) {
    problems_.push_back(where + ": " + dump_json(value) + " does not fit its pattern");
  }
  if (value.is_array()) {
    if (schema.contains("minItems") && value.size() < schema["minItems"].get<size_t>()) {
      problems_.push_back(where + ": too few");
    }
    if (!schema.contains("items")) return;
    for (const Json& element : value) check(element, schema["items"], file, where + "[]");
  }
  if (value.is_object()) check_object(value, schema, file, where);
}

void SchemaValidator::check_type(const Json& value, const Json& types, const std::string& where) {
  const Json list = types.is_array() ? types : Json::array({types});
  for (const Json& type : list) {
    if (is_of_type(value, type)) return;
  }
  problems_.push_back(where + ": " + dump_json(value) + " is not of type " + dump_json(types));
}

void SchemaValidator::check_object(const Json& value, const Json& schema, const std::string& file,
                                   const std::string& where) {
  for (const Json& key : schema.value("required", Json::array())) {
    if (!value.contains(key.get<std::string>())) {
      problems_.push_back(where + ": " + key.get<std::string>() + " is missing");
    }
  }
  const Json properties = schema.value("properties", Json::object());
  for (const auto& [key, member] : value.items()) {
    if (properties.contains(key)) {
      check(member, properties[key], file, where + "." + key);
    } else if (schema.contains("additionalProperties")) {
      check(member, schema["additionalProperties"], file, where + "." + key);
    }
  }
}

}  // namespace bulkhead
