#include "bulkhead/log_record.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace bulkhead {
namespace {

bool is_continuation(char c) {
  return (static_cast<unsigned char>(c) & 0xC0) == 0x80;
}

// Bytes of the UTF-8 sequence that this byte begins; 0 if none begins with it.
size_t sequence_length(unsigned char lead) {
  if (lead < 0x80) return 1;
  if (lead >= 0xC2 && lead <= 0xDF) return 2;
  if (lead >= 0xE0 && lead <= 0xEF) return 3;
  if (lead >= 0xF0 && lead <= 0xF4) return 4;
  return 0;
}

// The second byte has a narrower range after some leads: it keeps out overlong forms, surrogates
// and what is beyond U+10FFFF.
bool second_byte_fits(unsigned char lead, unsigned char second) {
  switch (lead) {
    case 0xE0:
      return second >= 0xA0 && second <= 0xBF;
    case 0xED:
      return second >= 0x80 && second <= 0x9F;
    case 0xF0:
      return second >= 0x90 && second <= 0xBF;
    case 0xF4:
      return second >= 0x80 && second <= 0x8F;
    default:
      return second >= 0x80 && second <= 0xBF;
  }
}

// How many bytes at the start of `text` are one well-formed character or, with `valid` false, could
// have become one.
size_t scan_character(std::string_view text, bool& valid) {
  const auto lead = static_cast<unsigned char>(text[0]);
  const size_t want = sequence_length(lead);
  size_t got = 1;
  if (want > 1 && text.size() > 1 && second_byte_fits(lead, static_cast<unsigned char>(text[1]))) {
    got = 2;
    while (got < want && got < text.size() && is_continuation(text[got])) ++got;
  }
  valid = want != 0 && got == want;
  return got;
}

bool is_plain(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte >= 0x20 && byte < 0x80 && c != '"' && c != '\\';
}

void append_escaped(std::string& out, char c) {
  static constexpr char kHex[] = "0123456789abcdef";
  switch (c) {
    case '"':
      out += "\\\"";
      return;
    case '\\':
      out += "\\\\";
      return;
    case '\t':
      out += "\\t";
      return;
    case '\r':
      out += "\\r";
      return;
    case '\n':
      out += "\\n";
      return;
    default:
      out += "\\u00";
      out += kHex[static_cast<unsigned char>(c) >> 4];
      out += kHex[static_cast<unsigned char>(c) & 15];
  }
}

bool is_utf8(std::string_view text) {
  bool valid = true;
  while (valid) {
    const auto ascii =
        std::find_if(text.begin(), text.end(), [](char c) { return (c & 0x80) != 0; });
    text.remove_prefix(static_cast<size_t>(ascii - text.begin()));
    if (text.empty()) return true;
    text.remove_prefix(scan_character(text, valid));
  }
  return false;
}

// By hand and not through the JSON library: a container may write faster than the library
// serialises, and every microsecond here is taken from the container's own output.
void append_json_text(std::string& out, std::string_view text, bool utf8) {
  const auto as_it_is = [utf8](char c) { return is_plain(c) || (utf8 && (c & 0x80) != 0); };
  while (!text.empty()) {
    const auto plain =
        static_cast<size_t>(std::find_if_not(text.begin(), text.end(), as_it_is) - text.begin());
    out.append(text.substr(0, plain));
    text.remove_prefix(plain);
    if (text.empty()) break;
    append_escaped(out, text[0]);
    text.remove_prefix(1);
  }
}

// Of characters up to U+00FF, which are one byte or two; nothing if there are others.
std::optional<std::string> latin1_bytes(std::string_view text) {
  std::string bytes;
  while (!text.empty()) {
    const auto lead = static_cast<unsigned char>(text[0]);
    const bool two = lead == 0xC2 || lead == 0xC3;
    if (lead >= 0x80 && !two) return std::nullopt;
    bytes += two ? static_cast<char>(((lead & 3) << 6) | (text[1] & 0x3F)) : text[0];
    text.remove_prefix(two ? 2 : 1);
  }
  return bytes;
}

}  // namespace

void append_log_record(std::string& out, int64_t time_us, LogStream stream, std::string_view text,
                       bool partial) {
  out += "{\"t\":";
  out += std::to_string(time_us);
  out += stream == LogStream::kStdout ? ",\"s\":\"stdout\",\"d\":\"" : ",\"s\":\"stderr\",\"d\":\"";
  const bool utf8 = is_utf8(text);
  append_json_text(out, text, utf8);
  out += partial ? "\",\"p\":true" : "\"";
  out += utf8 ? "}\n" : ",\"e\":\"latin1\"}\n";
}

std::optional<LogRecord> parse_log_record(std::string_view line) {
  auto object = nlohmann::json::parse(line, nullptr, /*allow_exceptions=*/false);
  if (!object.is_object()) return std::nullopt;
  const auto time = object.find("t");
  const auto stream = object.find("s");
  const auto text = object.find("d");
  if (time == object.end() || stream == object.end() || text == object.end()) return std::nullopt;
  if (!time->is_number_integer() || !text->is_string()) return std::nullopt;
  LogRecord record;
  record.time_us = time->get<int64_t>();
  if (*stream == "stderr") {
    record.stream = LogStream::kStderr;
  } else if (*stream != "stdout") {
    return std::nullopt;
  }
  if (object.contains("e")) {
    auto bytes =
        object["e"] == "latin1" ? latin1_bytes(text->get_ref<std::string&>()) : std::nullopt;
    if (!bytes) return std::nullopt;
    record.text = std::move(*bytes);
  } else {
    record.text = std::move(text->get_ref<std::string&>());
  }
  const auto partial = object.find("p");
  record.partial = partial != object.end() && *partial == true;
  return record;
}

size_t whole_characters(std::string_view text) {
  // At most three bytes can be waiting for a fourth.
  for (size_t back = 1; back <= std::min<size_t>(3, text.size()); ++back) {
    const char c = text[text.size() - back];
    if (is_continuation(c)) continue;
    const size_t want = sequence_length(static_cast<unsigned char>(c));
    if (want <= back) return text.size();
    bool valid = false;
    const size_t got = scan_character(text.substr(text.size() - back), valid);
    return got == back ? text.size() - back : text.size();
  }
  return text.size();
}

}  // namespace bulkhead
