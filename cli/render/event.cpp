#include "render/event.hpp"

#include <nlohmann/json.hpp>

#include "render/field.hpp"
#include "render/table.hpp"

namespace bulkhead::cli {

using nlohmann::json;

namespace {

constexpr size_t kMostFields = 6;
constexpr size_t kLongestValue = 64;

// A line can't be aligned with lines that haven't happened yet, so columns have a usual width and
// grow when they must.
void put(std::string& line, const std::string& text, size_t width) {
  line += printable(text);
  line.append(text.size() < width ? width - text.size() : 0, ' ');
  line += "  ";
}

// "2026-11-24T03:01:02.123456Z" -> "2026-11-24T03:01:02.123Z".
std::string to_milliseconds(std::string time) {
  const size_t dot = time.find('.');
  const size_t end = time.find_first_not_of("0123456789", dot + 1);
  if (dot != std::string::npos && end != std::string::npos && end > dot + 4) {
    time.erase(dot + 4, end - dot - 4);
  }
  return time;
}

std::string summary(const json& data) {
  if (at(data, "ok").is_boolean() && !flag_at(data, "ok")) {
    return "failed: " + text_at(data, "error.message");
  }
  std::string text;
  size_t fields = 0;
  if (!data.is_object()) return text;
  for (const auto& [key, value] : data.items()) {
    if (value.is_structured() || value.is_null() || key == "ok" || fields == kMostFields) continue;
    std::string shown = value.is_string() ? value.get<std::string>() : value.dump();
    if (shown.size() > kLongestValue) shown = shown.substr(0, kLongestValue) + "...";
    text += (text.empty() ? "" : " ") + key + "=" + shown;
    ++fields;
  }
  return text;
}

}  // namespace

std::string event_line(const json& event) {
  std::string line;
  put(line, to_milliseconds(text_at(event, "at")), 24);
  const std::string seq = text_at(event, "seq");
  put(line, std::string(seq.size() < 6 ? 6 - seq.size() : 0, ' ') + seq, 6);
  put(line, text_at(event, "stream"), 20);
  put(line, text_at(event, "type"), 22);
  put(line, text_at(event, "phase"), 7);
  put(line, summary(at(event, "data")), 0);
  line.erase(line.find_last_not_of(' ') + 1);
  return line;
}

}  // namespace bulkhead::cli
