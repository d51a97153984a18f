#include "options/dns.hpp"

#include <arpa/inet.h>

namespace bulkhead::cli {

namespace {

bool is_address(const std::string& text) {
  in6_addr scratch{};
  return inet_pton(AF_INET, text.c_str(), &scratch) == 1 ||
         inet_pton(AF_INET6, text.c_str(), &scratch) == 1;
}

// resolv.conf is made of lines and words: whatever could add either must not get in.
bool is_word(const std::string& text) {
  if (text.empty()) return false;
  for (const char c : text) {
    if (static_cast<unsigned char>(c) <= ' ' || c == '#' || c == ';' || c == '\x7f') return false;
  }
  return true;
}

Status check_words(const Invocation& invocation, std::string_view key) {
  for (const std::string& text : invocation.values(key)) {
    if (!is_word(text)) {
      return usage("--" + std::string(key) + " '" + text + "' is not a single word");
    }
  }
  return {};
}

}  // namespace

Result<std::optional<Dns>> parse_dns(const Invocation& invocation) {
  const bool any = invocation.has("dns") || invocation.has("dns-domain") ||
                   invocation.has("dns-search") || invocation.has("dns-option");
  if (invocation.has("no-dns") && any) {
    return usage("--no-dns conflicts with --dns, --dns-domain, --dns-search and --dns-option");
  }
  if (!any) return std::optional<Dns>();
  for (const std::string& address : invocation.values("dns")) {
    if (!is_address(address)) return usage("--dns '" + address + "' is not an IP address");
  }
  for (const std::string_view key : {"dns-domain", "dns-search", "dns-option"}) {
    if (auto ok = check_words(invocation, key); !ok) return fail(std::move(ok.error()));
  }
  return std::optional(Dns{invocation.values("dns"), invocation.value("dns-domain").value_or(""),
                           invocation.values("dns-search"), invocation.values("dns-option")});
}

}  // namespace bulkhead::cli
