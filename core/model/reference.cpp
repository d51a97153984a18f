// The grammar is that of distribution/reference: [host[:port]/]path[:tag][@digest]. Written out by
// hand, because std::regex recurses on its input and this comes from the user.
#include "model/reference.hpp"

#include <algorithm>
#include <cctype>

namespace bulkhead::model {
namespace {

bool lower_alnum(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}
bool word(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) || c == '_';
}

// Lower-case letters and digits, joined by '.', '_', '__' or any number of '-'.
bool is_component(std::string_view text) {
  if (text.empty() || !lower_alnum(text.front()) || !lower_alnum(text.back())) return false;
  for (size_t i = 0; i < text.size();) {
    if (lower_alnum(text[i])) {
      i++;
      continue;
    }
    size_t end = i;
    while (end < text.size() && !lower_alnum(text[end])) end++;
    std::string_view joint = text.substr(i, end - i);
    bool dashes = joint.find_first_not_of('-') == std::string_view::npos;
    if (joint != "." && joint != "_" && joint != "__" && !dashes) return false;
    i = end;
  }
  return true;
}

bool is_path(std::string_view text) {
  while (true) {
    size_t slash = text.find('/');
    if (!is_component(text.substr(0, slash))) return false;
    if (slash == std::string_view::npos) return true;
    text.remove_prefix(slash + 1);
  }
}

bool is_host(std::string_view text) {
  if (text.empty()) return false;
  size_t colon = text.rfind(':');
  if (text.front() != '[' && colon != std::string_view::npos) {
    std::string_view port = text.substr(colon + 1);
    if (port.empty() || port.size() > 5 ||
        port.find_first_not_of("0123456789") != std::string_view::npos)
      return false;
    text = text.substr(0, colon);
  }
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) ||
           std::string_view("._-[]:").find(c) != std::string_view::npos;
  });
}

bool is_tag(std::string_view text) {
  return !text.empty() && text.size() <= 128 && word(text[0]) &&
         std::all_of(text.begin(), text.end(),
                     [](char c) { return word(c) || c == '.' || c == '-'; });
}

bool is_digest(std::string_view text) {
  return text.starts_with("sha256:") && text.size() == 7 + 64 &&
         text.find_first_not_of("0123456789abcdef", 7) == std::string_view::npos;
}

}  // namespace

Result<std::string> normalise_reference(std::string_view text, std::string_view registry) {
  auto refuse = [&](std::string_view why) {
    return fail(Code::kInvalid,
                "\"" + std::string(text) + "\" is not an image reference: " + std::string(why),
                "write NAME, NAME:TAG or REGISTRY/NAME:TAG, the name in lower case");
  };
  std::string_view rest = text;
  std::string_view digest;
  if (size_t at = rest.find('@'); at != std::string_view::npos) {
    digest = rest.substr(at + 1);
    rest = rest.substr(0, at);
    if (!is_digest(digest)) return refuse("the digest is not sha256:<64 hex digits>");
  }
  std::string_view tag;
  size_t colon = rest.rfind(':');
  if (colon != std::string_view::npos && rest.find('/', colon) == std::string_view::npos) {
    tag = rest.substr(colon + 1);
    rest = rest.substr(0, colon);
    if (!is_tag(tag)) return refuse("the tag is not valid");
  }
  std::string host(registry);
  size_t slash = rest.find('/');
  std::string_view first = rest.substr(0, slash);
  if (slash != std::string_view::npos &&
      (first == "localhost" || first.find_first_of(".:") != std::string_view::npos)) {
    host = first == "index.docker.io" ? "docker.io" : std::string(first);
    rest.remove_prefix(slash + 1);
  }
  if (!is_host(host)) return refuse("the registry is not a host name");
  if (!is_path(rest)) return refuse("the name is not valid");
  if (rest.size() > 255) return refuse("the name is too long");

  std::string path(rest);
  if (host == "docker.io" && path.find('/') == std::string::npos) path.insert(0, "library/");
  std::string whole = host + '/' + path;
  if (!tag.empty()) whole += ':' + std::string(tag);
  if (!digest.empty()) whole += '@' + std::string(digest);
  if (tag.empty() && digest.empty()) whole += ":latest";
  return whole;
}

}  // namespace bulkhead::model
