#include "name_table.hpp"

#include <algorithm>

namespace bulkhead::names {

using net::Ip;

namespace {

constexpr size_t kLongestMessage = 65535;

// Absent is empty.
Result<std::vector<std::string>> texts_at(const Json& object, const char* key) {
  std::vector<std::string> texts;
  const auto list = object.find(key);
  if (list == object.end()) return texts;
  const auto is_text = [](const Json& value) { return value.is_string(); };
  if (!list->is_array() || !std::all_of(list->begin(), list->end(), is_text))
    return fail(Code::kInvalid, "key \"" + std::string(key) + "\" is not a list of strings");
  for (const Json& text : *list) texts.push_back(text.get<std::string>());
  return texts;
}

struct Named {
  std::string name;  // "" if it can't be one
  std::vector<Ip> addresses;
};

Result<Named> parse_named(const Json& entry) {
  if (!entry.is_object()) return fail(Code::kInvalid, "an entry of \"names\" is not an object");
  const auto name = string_at(entry, "name");
  if (!name) return fail(name.error());
  const auto texts = texts_at(entry, "addresses");
  if (!texts) return fail(texts.error());
  Named named{net::dns_spelling(*name), {}};
  for (const std::string& text : *texts) {
    const auto ip = net::parse_ip(text);
    if (!ip) return fail(ip.error());
    named.addresses.push_back(*ip);
  }
  return named;
}

}  // namespace

Result<NameTable> NameTable::parse(const Json& body) {
  if (!body.is_object()) return fail(Code::kInvalid, "the request is not an object");
  NameTable table;
  const auto zones = texts_at(body, "zones");
  if (!zones) return fail(zones.error());
  for (const std::string& zone : *zones) {
    if (std::string name = net::dns_spelling(zone); !name.empty())
      table.zones_.insert(std::move(name));
  }
  const auto subnets = texts_at(body, "subnets");
  if (!subnets) return fail(subnets.error());
  for (const std::string& text : *subnets) {
    const auto subnet = net::parse_subnet(text);
    if (!subnet) return fail(subnet.error());
    table.subnets_.push_back(*subnet);
  }
  const auto names = body.find("names");
  if (names == body.end()) return table;
  if (!names->is_array()) return fail(Code::kInvalid, "key \"names\" is not a list");
  for (const Json& entry : *names) {
    const auto named = parse_named(entry);
    if (!named) return fail(named.error());
    if (named->name.empty()) continue;
    auto& addresses = table.addresses_[named->name];
    for (const Ip& ip : named->addresses) {
      if (std::find(addresses.begin(), addresses.end(), ip) == addresses.end())
        addresses.push_back(ip);
      table.names_.emplace(ip, named->name);
    }
  }
  return table;
}

bool NameTable::in_a_zone(const std::string& name) const {
  return std::any_of(zones_.begin(), zones_.end(), [&](const std::string& zone) {
    return name == zone || net::is_below_dns_name(name, zone);
  });
}

NameTable::Answer NameTable::find_reverse(const net::DnsQuery& query, const Ip& ip) const {
  const bool ours = std::any_of(subnets_.begin(), subnets_.end(),
                                [&](const net::Subnet& subnet) { return subnet.contains(ip); });
  if (!ours) return {net::kRefused, {}};
  const auto found = names_.find(ip);
  if (found == names_.end()) return {net::kNxDomain, {}};
  if (query.type != net::kTypePtr && query.type != net::kTypeAny) return {};
  const auto wire = net::dns_name_to_wire(found->second);
  if (!wire) return {net::kNxDomain, {}};
  return {net::kNoError, {{net::kTypePtr, kTtl, *wire}}};
}

NameTable::Answer NameTable::find(const net::DnsQuery& query) const {
  if (query.opcode != 0) return {net::kNotImp, {}};
  if (query.dns_class != net::kClassIn) return {net::kRefused, {}};
  if (const auto ip = net::ip_of_reverse_name(query.name)) return find_reverse(query, *ip);
  const auto found = addresses_.find(query.name);
  if (found == addresses_.end()) {
    if (!in_a_zone(query.name)) return {net::kRefused, {}};
    return {zones_.contains(query.name) ? net::kNoError : net::kNxDomain, {}};
  }
  Answer answer;
  for (const Ip& ip : found->second) {
    net::DnsRecord record = net::address_record(ip, kTtl);
    if (query.type == record.type || query.type == net::kTypeAny)
      answer.records.push_back(std::move(record));
  }
  return answer;
}

net::Buffer NameTable::answer(net::Bytes message, bool udp) const {
  const auto query = net::parse_dns_query(message);
  if (!query) return {};
  const Answer found = find(*query);
  const bool ours = found.rcode == net::kNoError || found.rcode == net::kNxDomain;
  return net::build_dns_answer(*query, found.rcode, ours, found.records,
                               udp ? query->udp_size : kLongestMessage);
}

}  // namespace bulkhead::names
