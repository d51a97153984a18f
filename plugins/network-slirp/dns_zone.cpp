#include "dns_zone.hpp"

#include <algorithm>

namespace bulkhead::net {

void DnsZone::set_domains(const std::vector<std::string>& domains) {
  domains_.clear();
  for (const std::string& domain : domains) {
    std::string name = dns_spelling(domain);
    if (!name.empty()) domains_.push_back(std::move(name));
  }
}

void DnsZone::set_host_names(const std::vector<std::string>& names) {
  host_names_ = {kHostName};
  for (const std::string& given : names) {
    std::string name = dns_spelling(given);
    if (!name.empty()) host_names_.insert(std::move(name));
  }
}

void DnsZone::add(const std::string& container, const Lease& lease,
                  const std::vector<std::string>& names) {
  remove(container);
  Entry entry{lease, {}};
  for (const std::string& given : names) {
    std::string name = dns_spelling(given);
    if (name.empty()) continue;
    containers_[name].insert(container);
    entry.names.push_back(std::move(name));
  }
  entries_[container] = std::move(entry);
}

void DnsZone::remove(const std::string& container) {
  const auto found = entries_.find(container);
  if (found == entries_.end()) return;
  for (const std::string& name : found->second.names) {
    const auto holders = containers_.find(name);
    if (holders == containers_.end()) continue;
    holders->second.erase(container);
    if (holders->second.empty()) containers_.erase(holders);
  }
  entries_.erase(found);
}

bool DnsZone::below_a_domain(const std::string& name) const {
  return std::any_of(domains_.begin(), domains_.end(), [&](const std::string& domain) {
    return name == domain || is_below_dns_name(name, domain);
  });
}

// The name without the local domain that it is below; the longest one, if several are.
std::string DnsZone::bare(const std::string& name) const {
  size_t longest = 0;
  for (const std::string& domain : domains_) {
    if (is_below_dns_name(name, domain)) longest = std::max(longest, domain.size());
  }
  return longest == 0 ? name : name.substr(0, name.size() - longest - 1);
}

bool DnsZone::is_own_name(const std::string& container, const std::string& name) const {
  return entries_.at(container).names.front() == name;
}

std::optional<std::vector<Ip>> DnsZone::addresses(const std::string& name) const {
  std::vector<Ip> all;
  if (host_names_.contains(name)) {
    // IPv4 only: what listens on the host's loopback does so on 127.0.0.1, as a rule, and many
    // clients try one address. Who wants IPv6 can write the gateway's address.
    all.push_back(gateway_.v4);
    return all;
  }
  auto holders = containers_.find(name);
  if (holders == containers_.end()) holders = containers_.find(bare(name));
  if (holders == containers_.end()) return std::nullopt;
  const bool owned = std::any_of(
      holders->second.begin(), holders->second.end(),
      [&](const std::string& container) { return is_own_name(container, holders->first); });
  for (const std::string& container : holders->second) {
    if (owned && !is_own_name(container, holders->first)) continue;
    const Lease& lease = entries_.at(container).lease;
    all.push_back(lease.v4);
    if (lease.v6) all.push_back(*lease.v6);
  }
  return all;
}

std::optional<DnsZone::Answer> DnsZone::answer_reverse(const Ip& ip) const {
  if (!gateway_.within(ip)) return std::nullopt;
  std::string name;
  if (gateway_.owns(ip)) name = kHostName;
  for (const auto& [container, entry] : entries_) {
    if (entry.lease.owns(ip) && !entry.names.empty()) name = entry.names.front();
  }
  const auto wire = dns_name_to_wire(name);
  if (name.empty() || !wire) return Answer{kNxDomain, {}};
  return Answer{kNoError, {{kTypePtr, kDnsTtl, *wire}}};
}

std::optional<DnsZone::Answer> DnsZone::answer(const DnsQuery& query) const {
  if (query.dns_class != kClassIn) return std::nullopt;
  if (const auto ip = ip_of_reverse_name(query.name)) {
    auto found = answer_reverse(*ip);
    if (found && query.type != kTypePtr && query.type != kTypeAny) found->records.clear();
    return found;
  }
  const auto found = addresses(query.name);
  if (!found) {
    if (!below_a_domain(query.name)) return std::nullopt;
    const bool is_domain =
        std::find(domains_.begin(), domains_.end(), query.name) != domains_.end();
    return Answer{is_domain ? kNoError : kNxDomain, {}};
  }
  Answer answer;
  for (const Ip& ip : *found) {
    DnsRecord record = address_record(ip, kDnsTtl);
    if (query.type == record.type || query.type == kTypeAny)
      answer.records.push_back(std::move(record));
  }
  return answer;
}

}  // namespace bulkhead::net
