#include "body_check.hpp"

#include <algorithm>
#include <string>

#include "schemas.hpp"

namespace bulkhead::api {
namespace {

using Json = nlohmann::json;

struct Type {
  const char* name;
  const char* words;
  bool (*fits)(const Json&);
};

constexpr Type kTypes[] = {
    {"string", "a string", [](const Json& value) { return value.is_string(); }},
    {"integer", "a whole number", [](const Json& value) { return value.is_number_integer(); }},
    {"boolean", "true or false", [](const Json& value) { return value.is_boolean(); }},
    {"array", "a list", [](const Json& value) { return value.is_array(); }},
    {"object", "an object", [](const Json& value) { return value.is_object(); }},
};

const Json& resolved(const Json& schema) {
  auto reference = schema.find("$ref");
  if (reference == schema.end()) return schema;
  const auto& text = reference->get_ref<const std::string&>();
  return resolved(schemas().at(text.substr(text.rfind('/') + 1)));
}

// "type" is a name or a list of them.
bool allows(const Json& types, const char* name) {
  return types == name ||
         (types.is_array() && std::find(types.begin(), types.end(), name) != types.end());
}

Status check_type(const Json& schema, const Json& value, const std::string& where) {
  auto types = schema.find("type");
  if (types == schema.end()) return {};
  std::string wanted;
  for (const Type& type : kTypes) {
    if (!allows(*types, type.name)) continue;
    if (type.fits(value)) return {};
    wanted += (wanted.empty() ? "" : " or ") + std::string(type.words);
  }
  return fail(Code::kInvalid, where + " must be " + wanted);
}

Failure unknown_key(const Json& schema, const std::string& key, const std::string& where) {
  std::string known;
  const Json properties = schema.value("properties", Json::object());
  for (const auto& [name, part] : properties.items()) known += (known.empty() ? "" : ", ") + name;
  return fail(Code::kInvalid,
              "there is no key \"" + key + "\" in " + (where.empty() ? "this request" : where),
              "there are " + known);
}

Status check(const Json& unresolved, const Json& value, const std::string& where);

Status check_member(const Json& schema, const std::string& key, const Json& value,
                    const std::string& where) {
  const std::string inner = where.empty() ? key : where + "." + key;
  auto known = schema.find("properties");
  if (known != schema.end() && known->contains(key))
    return value.is_null() ? Status() : check((*known)[key], value, inner);
  auto others = schema.find("additionalProperties");
  if (others == schema.end()) return {};
  if (others->is_object()) return check(*others, value, inner);
  return unknown_key(schema, key, where);
}

Status check(const Json& unresolved, const Json& value, const std::string& where) {
  const Json& schema = resolved(unresolved);
  if (auto good = check_type(schema, value, where); !good) return good;
  if (value.is_object())
    for (const auto& [key, member] : value.items())
      if (auto good = check_member(schema, key, member, where); !good) return good;
  if (value.is_array() && schema.contains("items"))
    for (size_t i = 0; i < value.size(); ++i)
      if (auto good = check(schema["items"], value[i], where + "[" + std::to_string(i) + "]");
          !good)
        return good;
  return {};
}

}  // namespace

Status check_body(const Json& schema, const Json& body) {
  return check(schema, body, "");
}

}  // namespace bulkhead::api
