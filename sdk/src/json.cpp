#include "bulkhead/json.hpp"

namespace bulkhead {
namespace {

const Json* find(const Json& object, const char* key) {
  if (!object.is_object()) return nullptr;
  auto it = object.find(key);
  return it == object.end() ? nullptr : &*it;
}

Failure wrong(const Json* member, const char* key, const char* wanted) {
  if (!member) return fail(Code::kInvalid, std::string("\"") + key + "\" is missing");
  return fail(Code::kInvalid,
              std::string("\"") + key + "\" must be " + wanted + ", not " + member->type_name());
}

}  // namespace

Result<Json> parse_json(std::string_view text, size_t max_depth) {
  bool too_deep = false;
  auto bounded = [&](int depth, Json::parse_event_t event, Json&) {
    bool opens =
        event == Json::parse_event_t::object_start || event == Json::parse_event_t::array_start;
    if (opens && static_cast<size_t>(depth) >= max_depth) too_deep = true;
    return !too_deep;
  };
  try {
    Json value = Json::parse(text.begin(), text.end(), bounded);
    if (too_deep)
      return fail(Code::kInvalid,
                  "JSON nested deeper than " + std::to_string(max_depth) + " levels");
    return value;
  } catch (const Json::exception& error) {
    return fail(Code::kInvalid, std::string("not JSON: ") + error.what());
  }
}

std::string dump_json(const Json& value) {
  return value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Result<std::string> string_at(const Json& object, const char* key) {
  const Json* member = find(object, key);
  if (!member || !member->is_string()) return wrong(member, key, "a string");
  return member->get<std::string>();
}

Result<int64_t> integer_at(const Json& object, const char* key) {
  const Json* member = find(object, key);
  if (!member || !member->is_number_integer()) return wrong(member, key, "an integer");
  return member->get<int64_t>();
}

Result<bool> bool_at(const Json& object, const char* key) {
  const Json* member = find(object, key);
  if (!member || !member->is_boolean()) return wrong(member, key, "true or false");
  return member->get<bool>();
}

std::string string_or(const Json& object, const char* key, std::string_view fallback) {
  return string_at(object, key).value_or(std::string(fallback));
}

int64_t integer_or(const Json& object, const char* key, int64_t fallback) {
  return integer_at(object, key).value_or(fallback);
}

bool bool_or(const Json& object, const char* key, bool fallback) {
  return bool_at(object, key).value_or(fallback);
}

}  // namespace bulkhead
