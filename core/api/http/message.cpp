#include "message.hpp"

#include <algorithm>

namespace bulkhead::api {
namespace {

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// By hand because neither Beast nor the standard library decodes percent escapes.
Result<std::string> percent_decode(std::string_view text, bool plus_is_space) {
  std::string out;
  out.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '+' && plus_is_space) c = ' ';
    if (c == '%') {
      int high = i + 2 < text.size() ? hex_digit(text[i + 1]) : -1;
      int low = i + 2 < text.size() ? hex_digit(text[i + 2]) : -1;
      if (high < 0 || low < 0)
        return fail(Code::kInvalid, "malformed percent escape in the request target");
      c = static_cast<char>(high * 16 + low);
      i += 2;
    }
    if (c == '\0') return fail(Code::kInvalid, "NUL in the request target");
    out += c;
  }
  return out;
}

Status parse_query(std::string_view text, Target& target) {
  while (!text.empty()) {
    std::string_view item = text.substr(0, text.find('&'));
    text.remove_prefix(std::min(text.size(), item.size() + 1));
    if (item.empty()) continue;
    size_t equals = item.find('=');
    auto name = percent_decode(item.substr(0, equals), true);
    if (!name) return fail(std::move(name.error()));
    auto value = percent_decode(equals == item.npos ? "" : item.substr(equals + 1), true);
    if (!value) return fail(std::move(value.error()));
    target.query.emplace_back(std::move(*name), std::move(*value));
  }
  return {};
}

}  // namespace

std::optional<std::string> Target::get(std::string_view name) const {
  for (const auto& [key, value] : query)
    if (key == name) return value;
  return std::nullopt;
}

std::vector<std::string> Target::get_all(std::string_view name) const {
  std::vector<std::string> values;
  for (const auto& [key, value] : query)
    if (key == name) values.push_back(value);
  return values;
}

bool Target::flag(std::string_view name) const {
  auto value = get(name);
  return value && *value != "0" && *value != "false";
}

Result<Target> parse_target(std::string_view text) {
  Target target;
  size_t question = text.find('?');
  std::string_view path = text.substr(0, question);
  if (path.empty() || path[0] != '/')
    return fail(Code::kInvalid, "the request target is not a path");
  path.remove_prefix(1);
  while (!path.empty()) {
    std::string_view part = path.substr(0, path.find('/'));
    path.remove_prefix(std::min(path.size(), part.size() + 1));
    auto decoded = percent_decode(part, false);
    if (!decoded) return fail(std::move(decoded.error()));
    target.path.push_back(std::move(*decoded));
  }
  if (question != text.npos) {
    if (auto status = parse_query(text.substr(question + 1), target); !status)
      return fail(std::move(status.error()));
  }
  return target;
}

const char* reason_phrase(int status) {
  switch (status) {
    case 101:
      return "Switching Protocols";
    case 200:
      return "OK";
    case 201:
      return "Created";
    case 202:
      return "Accepted";
    case 204:
      return "No Content";
    case 400:
      return "Bad Request";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 409:
      return "Conflict";
    case 410:
      return "Gone";
    case 413:
      return "Payload Too Large";
    case 422:
      return "Unprocessable Entity";
    case 501:
      return "Not Implemented";
    case 503:
      return "Service Unavailable";
    case 504:
      return "Gateway Timeout";
    case 507:
      return "Insufficient Storage";
    default:
      return "Internal Server Error";
  }
}

std::string response_head(int status,
                          const std::vector<std::pair<std::string, std::string>>& fields) {
  std::string head = "HTTP/1.1 " + std::to_string(status) + " " + reason_phrase(status) + "\r\n";
  for (const auto& [name, value] : fields) head += name + ": " + value + "\r\n";
  return head + "\r\n";
}

}  // namespace bulkhead::api
