#include "model/dns_decide.hpp"

#include <algorithm>

#include "model/facts.hpp"
#include "model/property_decide.hpp"
#include "model/subnet.hpp"

namespace bulkhead::model {
namespace {

// Labels of letters, digits and '-', joined by dots; as of a host's name.
bool is_domain(const std::string& text) {
  if (text.empty() || text.size() > 253) return false;
  size_t length = 0;
  char last = '.';
  for (char c : text) {
    bool alnum = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    if (c == '.') {
      if (last == '.' || last == '-') return false;
      length = 0;
    } else if (++length > 63 || !(alnum || c == '_' || (c == '-' && last != '.'))) {
      return false;
    }
    last = c;
  }
  return last != '.' && last != '-';
}

}  // namespace

std::string normalise_domain(std::string domain) {
  for (char& c : domain)
    if (c >= 'A' && c <= 'Z') c = char(c - 'A' + 'a');
  if (domain.size() > 1 && domain.back() == '.') domain.pop_back();
  return domain;
}

Result<Decision> decide_dns_create(const State& state, const std::string& asked,
                                   const std::string& localhost, const Origin& origin) {
  std::string domain = normalise_domain(asked);
  if (!is_domain(domain)) return fail(Code::kInvalid, "\"" + asked + "\" is not a domain name");
  if (state.domains.count(domain))
    return fail(Code::kConflict, "the domain " + domain + " exists",
                "`container system dns delete " + domain + "` removes it");
  Json data = Json::object();
  if (!localhost.empty()) {
    auto address = parse_address4(localhost);
    if (!address) return fail(std::move(address.error()).context("--localhost"));
    data["localhost"] = localhost;
  }
  Decision decision;
  decision.push_back(fact(stream_name("dns", domain), "dns.created", std::move(data), origin));
  return decision;
}

Result<Decision> decide_dns_delete(const State& state, const std::string& asked,
                                   const Origin& origin) {
  std::string domain = normalise_domain(asked);
  if (!state.domains.count(domain))
    return fail(Code::kNotFound, "there is no domain " + domain,
                "`container system dns list` shows those that exist");
  Decision decision;
  decision.push_back(fact(stream_name("dns", domain), "dns.deleted", Json::object(), origin));
  return decision;
}

std::vector<std::string> container_domains(const State& state) {
  std::vector<std::string> domains;
  for (const auto& [domain, localhost] : state.domains)
    if (localhost.empty()) domains.push_back(domain);
  if (auto property = property_value(state, "dns.domain"))
    if (std::string own = normalise_domain(*property);
        std::find(domains.begin(), domains.end(), own) == domains.end())
      domains.push_back(own);
  return domains;
}

std::vector<std::string> host_domains(const State& state) {
  std::vector<std::string> domains;
  for (const auto& [domain, localhost] : state.domains)
    if (!localhost.empty()) domains.push_back(domain);
  return domains;
}

}  // namespace bulkhead::model
