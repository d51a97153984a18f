#include "options/host_name.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <string>

namespace bulkhead::cli {

namespace {

constexpr size_t kLongestName = 253;  // RFC 1035, without the root's dot
constexpr size_t kLongestLabel = 63;

bool belongs_to_a_label(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '_';
}

bool is_label(std::string_view text) {
  return !text.empty() && text.size() <= kLongestLabel && text.front() != '-' &&
         text.back() != '-' && std::all_of(text.begin(), text.end(), belongs_to_a_label);
}

bool is_address(int family, std::string_view text) {
  in6_addr scratch{};
  return text.find('\0') == std::string_view::npos &&
         inet_pton(family, std::string(text).c_str(), &scratch) == 1;
}

}  // namespace

bool is_host_name(std::string_view text) {
  if (text.size() > kLongestName) return false;
  while (true) {
    const size_t dot = text.find('.');
    if (!is_label(text.substr(0, dot))) return false;
    if (dot == std::string_view::npos) return true;
    text.remove_prefix(dot + 1);
  }
}

bool is_ipv4_address(std::string_view text) {
  return is_address(AF_INET, text);
}

bool is_ipv6_address(std::string_view text) {
  return is_address(AF_INET6, text);
}

}  // namespace bulkhead::cli
