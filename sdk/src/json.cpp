#include "bulkhead/json.hpp"

#include <limits>

namespace bulkhead {
namespace {

// Walks a text without building anything: tells whether it is JSON, how deep, and where it stops
// being so. A second parse builds the value; bodies are short, and the library offers no single
// pass that limits the depth and reports an error without an exception full of its own words.
class Judge : public nlohmann::json_sax<Json> {
 public:
  explicit Judge(size_t max_depth) : max_depth_(max_depth) {}

  bool too_deep() const { return depth_ > max_depth_; }
  size_t position() const { return position_; }

  bool null() override { return true; }
  bool boolean(bool) override { return true; }
  bool number_integer(number_integer_t) override { return true; }
  bool number_unsigned(number_unsigned_t) override { return true; }
  bool number_float(number_float_t, const string_t&) override { return true; }
  bool string(string_t&) override { return true; }
  bool binary(binary_t&) override { return true; }
  bool key(string_t&) override { return true; }
  bool start_object(size_t) override { return enter(); }
  bool start_array(size_t) override { return enter(); }
  bool end_object() override { return leave(); }
  bool end_array() override { return leave(); }
  bool parse_error(size_t position, const std::string&, const Json::exception&) override {
    position_ = position;
    return false;
  }

 private:
  bool enter() { return ++depth_ <= max_depth_; }
  bool leave() {
    depth_--;
    return true;
  }

  size_t max_depth_;
  size_t depth_ = 0;
  size_t position_ = 0;
};

const Json* find(const Json& object, const char* key) {
  if (!object.is_object()) return nullptr;
  const auto found = object.find(key);
  return found == object.end() ? nullptr : &*found;
}

Failure wrong(const Json* value, const char* key, const char* wanted) {
  const std::string name = '"' + std::string(key) + '"';
  if (value == nullptr) return fail(Code::kInvalid, name + " is missing");
  return fail(Code::kInvalid, name + " must be " + wanted + ", not " + value->type_name());
}

}  // namespace

Result<Json> parse_json(std::string_view text, size_t max_depth) {
  Judge judge(max_depth);
  if (Json::sax_parse(text, &judge)) return Json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (judge.too_deep()) {
    return fail(Code::kInvalid,
                "the JSON is nested deeper than " + std::to_string(max_depth) + " levels");
  }
  return fail(Code::kInvalid, "not valid JSON (at byte " + std::to_string(judge.position()) + ")");
}

std::string dump_json(const Json& value) {
  return value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Result<std::string> string_at(const Json& object, const char* key) {
  const Json* value = find(object, key);
  if (value == nullptr || !value->is_string()) return wrong(value, key, "a string");
  return value->get_ref<const std::string&>();
}

Result<int64_t> integer_at(const Json& object, const char* key) {
  const Json* value = find(object, key);
  if (value == nullptr || !value->is_number_integer()) return wrong(value, key, "a whole number");
  constexpr uint64_t kLargest = std::numeric_limits<int64_t>::max();
  if (value->is_number_unsigned() && value->get<uint64_t>() > kLargest) {
    return fail(Code::kInvalid, '"' + std::string(key) + "\" is too large");
  }
  return value->get<int64_t>();
}

Result<bool> bool_at(const Json& object, const char* key) {
  const Json* value = find(object, key);
  if (value == nullptr || !value->is_boolean()) return wrong(value, key, "true or false");
  return value->get<bool>();
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
