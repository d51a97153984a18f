// By hand: a grammar of five lines, and std::regex recurses once per character of what is foreign
// input here.
#include "bulkhead/reference.hpp"

#include <algorithm>

namespace bulkhead {
namespace {

constexpr size_t kLongestName = 255;
constexpr std::string_view kHub = "docker.io";

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_lower(char c) {
  return c >= 'a' && c <= 'z';
}
bool is_upper(char c) {
  return c >= 'A' && c <= 'Z';
}
bool is_alnum(char c) {
  return is_digit(c) || is_lower(c) || is_upper(c);
}
bool is_path_char(char c) {
  return is_digit(c) || is_lower(c);
}
bool is_hex(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'f');
}
bool is_word(char c) {
  return is_alnum(c) || c == '_';
}

template <class Predicate>
bool all(std::string_view text, Predicate predicate) {
  return std::all_of(text.begin(), text.end(), predicate);
}

// Calls `check` for each part of `text` between separators; false as soon as one call is.
template <class Check>
bool every_part(std::string_view text, char separator, Check check) {
  while (true) {
    const size_t end = text.find(separator);
    if (!check(text.substr(0, end))) return false;
    if (end == std::string_view::npos) return true;
    text.remove_prefix(end + 1);
  }
}

bool is_separator(std::string_view text) {
  return text == "." || text == "_" || text == "__" || all(text, [](char c) { return c == '-'; });
}

bool is_component(std::string_view text) {
  if (text.empty() || !is_path_char(text.front()) || !is_path_char(text.back())) return false;
  while (!text.empty()) {
    const auto word = std::find_if_not(text.begin(), text.end(), is_path_char);
    const auto next = std::find_if(word, text.end(), is_path_char);
    if (!is_separator(std::string_view(word, next))) return false;
    text.remove_prefix(static_cast<size_t>(next - text.begin()));
  }
  return true;
}

bool is_label(std::string_view text) {
  return !text.empty() && text.front() != '-' && text.back() != '-' &&
         all(text, [](char c) { return is_alnum(c) || c == '-'; });
}

bool is_domain(std::string_view text) {
  const size_t colon = text.rfind(':');
  const bool bracketed = text.starts_with('[');
  if (colon != std::string_view::npos && (!bracketed || text.find(']') < colon)) {
    const std::string_view port = text.substr(colon + 1);
    if (port.empty() || port.size() > 5 || !all(port, is_digit)) return false;
    text = text.substr(0, colon);
  }
  if (!bracketed) return every_part(text, '.', is_label);
  return text.size() > 2 && text.back() == ']' && all(text.substr(1, text.size() - 2), [](char c) {
           return is_digit(c) || c == ':' || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
         });
}

bool looks_like_domain(std::string_view first) {
  return first == "localhost" || first.find_first_of(".:[") != std::string_view::npos ||
         std::any_of(first.begin(), first.end(), is_upper);
}

bool is_tag(std::string_view text) {
  return !text.empty() && text.size() <= 128 && is_word(text.front()) &&
         all(text, [](char c) { return is_word(c) || c == '.' || c == '-'; });
}

bool is_algorithm(std::string_view text) {
  return !text.empty() && (is_lower(text.front()) || is_upper(text.front())) &&
         is_alnum(text.back()) && all(text, [](char c) {
           return is_alnum(c) || c == '+' || c == '.' || c == '-' || c == '_';
         });
}

}  // namespace

bool is_digest(std::string_view text) {
  const size_t colon = text.find(':');
  if (colon == std::string_view::npos) return false;
  const std::string_view algorithm = text.substr(0, colon);
  const std::string_view hex = text.substr(colon + 1);
  if (!all(hex, is_hex)) return false;
  if (algorithm == "sha256") return hex.size() == 64;
  if (algorithm == "sha512") return hex.size() == 128;
  return is_algorithm(algorithm) && hex.size() >= 32 && hex.size() <= 256;
}

std::string Reference::text() const {
  std::string result = domain + '/' + path;
  if (!tag.empty()) result += ':' + tag;
  if (!digest.empty()) result += '@' + digest;
  return result;
}

std::string Reference::familiar(std::string_view default_domain) const {
  std::string result = text();
  if (domain != default_domain) return result;
  std::string_view shortened = std::string_view(result).substr(domain.size() + 1);
  constexpr std::string_view kLibrary = "library/";
  const bool official = domain == kHub && shortened.starts_with(kLibrary) &&
                        path.find('/', kLibrary.size()) == std::string::npos;
  if (official) shortened.remove_prefix(kLibrary.size());
  // "localhost/web" under a default domain of its own would be read as another place when typed
  // again.
  const auto again = parse_reference(shortened, default_domain);
  return again && *again == *this ? std::string(shortened) : result;
}

Result<Reference> parse_reference(std::string_view text, std::string_view default_domain) {
  const auto refuse = [text](std::string_view why) {
    return fail(Code::kInvalid,
                "\"" + std::string(text) + "\" is not an image reference: " + std::string(why),
                "write NAME, NAME:TAG, NAME@DIGEST or REGISTRY/NAME:TAG, the name in lower case");
  };
  Reference result;
  std::string_view rest = text;
  if (const size_t at = rest.find('@'); at != std::string_view::npos) {
    result.digest = rest.substr(at + 1);
    rest = rest.substr(0, at);
    if (!is_digest(result.digest)) return refuse("its digest is not valid");
  }
  const size_t colon = rest.rfind(':');
  if (colon != std::string_view::npos && rest.find('/', colon) == std::string_view::npos) {
    result.tag = rest.substr(colon + 1);
    rest = rest.substr(0, colon);
    if (!is_tag(result.tag)) return refuse("its tag is not valid");
  }
  if (rest.size() == 64 && all(rest, is_hex)) return refuse("a name can't look like an image's id");
  result.domain = default_domain;
  const size_t slash = rest.find('/');
  if (slash != std::string_view::npos && looks_like_domain(rest.substr(0, slash))) {
    result.domain = rest.substr(0, slash);
    rest.remove_prefix(slash + 1);
  }
  if (result.domain == "index.docker.io") result.domain = kHub;  // its name of the early days
  if (!is_domain(result.domain)) return refuse("its registry is not a host name");
  if (!every_part(rest, '/', is_component)) return refuse("its name is not valid");
  const bool official = result.domain == kHub && rest.find('/') == std::string_view::npos;
  result.path = official ? "library/" + std::string(rest) : std::string(rest);
  if (result.domain.size() + 1 + result.path.size() > kLongestName) return refuse("it is too long");
  if (result.tag.empty() && result.digest.empty()) result.tag = "latest";
  return result;
}

}  // namespace bulkhead
