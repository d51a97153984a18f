// Reading the members of a JSON object that somebody else wrote: wrong types become sentences, not
// exceptions.
//
// The first mistake is kept and the rest of the object is still walked; the caller asks once, at
// the end. A member that is absent or null leaves the default. Included only by the files that
// parse requests: nlohmann's header is dear.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "bulkhead/result.hpp"

namespace bulkhead::guest {

using Json = nlohmann::json;

class JsonFields {
 public:
  JsonFields(const Json& object, std::string_view where) : object_(object), where_(where) {
    if (!object.is_object()) complain("", "an object");
  }

  void text(const char* key, std::string& out) {
    const Json* value = member(key, &Json::is_string, "a string");
    if (value == nullptr) return;
    out = value->get_ref<const std::string&>();
    refuse_nul(key, out);
  }

  void text(const char* key, std::optional<std::string>& out) {
    std::string value;
    if (!has(key)) return;
    text(key, value);
    out = std::move(value);
  }

  void texts(const char* key, std::vector<std::string>& out) {
    const Json* value = member(key, &Json::is_array, "an array of strings");
    if (value == nullptr) return;
    for (const Json& element : *value) {
      if (!element.is_string()) return complain(key, "an array of strings");
      out.push_back(element.get_ref<const std::string&>());
      refuse_nul(key, out.back());
    }
  }

  void flag(const char* key, bool& out) {
    if (const Json* value = member(key, &Json::is_boolean, "true or false"))
      out = value->get_ref<const bool&>();
  }

  // A whole number from low to high.
  template <class T>
  void number(const char* key, T& out, int64_t low, int64_t high) {
    const Json* value = member(key, &Json::is_number_integer, "a whole number");
    if (value == nullptr) return;
    bool huge = value->is_number_unsigned() && value->get<uint64_t>() > uint64_t{INT64_MAX};
    int64_t number = huge ? INT64_MAX : value->get<int64_t>();
    if (huge || number < low || number > high) {
      return complain(key, "from " + std::to_string(low) + " to " + std::to_string(high));
    }
    out = static_cast<T>(number);
  }

  void real(const char* key, double& out) {
    if (const Json* value = member(key, &Json::is_number, "a number")) out = value->get<double>();
  }

  // The member if it is there, else null; of any type.
  const Json* any(const char* key) const {
    if (!object_.is_object()) return nullptr;
    auto found = object_.find(key);
    return found == object_.end() || found->is_null() ? nullptr : &*found;
  }
  bool has(const char* key) const { return any(key) != nullptr; }

  void complain(std::string_view key, std::string_view wanted) {
    if (error_) return;
    std::string name(where_);
    if (!key.empty()) name.append(".").append(key);
    error_ = Error{Code::kInvalid, name.append(" must be ").append(wanted), {}};
  }

  Status status() {
    if (error_) return fail(std::move(*error_));
    return {};
  }

 private:
  const Json* member(const char* key, bool (Json::*is)() const noexcept, std::string_view wanted) {
    const Json* value = any(key);
    if (value == nullptr || (value->*is)()) return value;
    complain(key, wanted);
    return nullptr;
  }

  void refuse_nul(const char* key, const std::string& value) {
    if (value.find('\0') != std::string::npos) complain(key, "without NUL characters");
  }

  const Json& object_;
  std::string_view where_;
  std::optional<Error> error_;
};

// Nesting is bounded by the parser's heap, which the 1 MiB limit of bodies bounds in turn.
inline Result<Json> parse_json(std::string_view text, std::string_view where) {
  Json json = Json::parse(text, nullptr, false);
  if (json.is_discarded()) return fail(Code::kInvalid, std::string(where) + " is not JSON");
  return json;
}

}  // namespace bulkhead::guest
