#include "dns_zone.hpp"

#include <algorithm>
#include <charconv>

namespace bulkhead::network::dns {
namespace {

std::string small_letters(std::string name) {
  for (char& c : name)
    if (c >= 'A' && c <= 'Z') c = char(c - 'A' + 'a');
  while (name.ends_with('.')) name.pop_back();
  return name;
}

bool is_below(const std::string& name, const std::string& domain) {
  return name.size() > domain.size() + 1 && name.ends_with(domain) &&
         name[name.size() - domain.size() - 1] == '.';
}

std::vector<std::string> labels_of(const std::string& name, std::size_t without) {
  std::vector<std::string> labels;
  std::size_t end = name.size() - without;
  for (std::size_t at = 0; at < end;) {
    std::size_t dot = std::min(name.find('.', at), end);
    labels.push_back(name.substr(at, dot - at));
    at = dot + 1;
  }
  return labels;
}

struct Reverse {
  bool v6 = false;
  Address6 address{};
};

// "4.3.2.1.in-addr.arpa" is 1.2.3.4; of ip6.arpa each label is a nibble, the last one first.
std::optional<Reverse> reverse_of(const std::string& name) {
  constexpr std::string_view kArpa4 = ".in-addr.arpa";
  constexpr std::string_view kArpa6 = ".ip6.arpa";
  Reverse result;
  result.v6 = name.ends_with(kArpa6);
  if (!result.v6 && !name.ends_with(kArpa4)) return std::nullopt;
  auto labels = labels_of(name, result.v6 ? kArpa6.size() : kArpa4.size());
  if (labels.size() != (result.v6 ? 32U : 4U)) return std::nullopt;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    const std::string& label = labels[labels.size() - 1 - i];
    unsigned value = 256;
    auto [end, error] =
        std::from_chars(label.data(), label.data() + label.size(), value, result.v6 ? 16 : 10);
    if (error != std::errc() || end != label.data() + label.size() ||
        value > (result.v6 ? 15U : 255U))
      return std::nullopt;
    if (result.v6)
      result.address[i / 2] |= static_cast<uint8_t>(i % 2 ? value : value << 4);
    else
      result.address[i] = static_cast<uint8_t>(value);
  }
  return result;
}

}  // namespace

void Zone::set_domains(std::vector<std::string> domains, std::vector<std::string> host_names) {
  domains_ = std::move(domains);
  host_names_ = std::move(host_names);
  for (auto* names : {&domains_, &host_names_})
    for (std::string& name : *names) name = small_letters(std::move(name));
}

void Zone::add(const std::string& member, std::vector<std::string> names, const Address4& ipv4,
               const Address6& ipv6) {
  for (std::string& name : names) name = small_letters(std::move(name));
  members_.insert_or_assign(member, Member{std::move(names), ipv4, ipv6});
}

void Zone::remove(const std::string& member) {
  members_.erase(member);
}

std::vector<const Zone::Member*> Zone::named(const std::string& name) const {
  std::vector<const Member*> found;
  for (const auto& [id, member] : members_)
    if (std::find(member.names.begin(), member.names.end(), name) != member.names.end())
      found.push_back(&member);
  return found;
}

std::optional<Answer> Zone::reverse(const Query& query) const {
  auto reverse = reverse_of(query.name);
  if (!reverse) return std::nullopt;
  const Prefix& subnet = reverse->v6 ? host_.subnet6 : host_.subnet4;
  if (!subnet.contains(reverse->v6, reverse->address)) return std::nullopt;
  auto has = [&](const Address4& ipv4, const Address6& ipv6) {
    return reverse->v6 ? reverse->address == ipv6
                       : std::equal(ipv4.begin(), ipv4.end(), reverse->address.begin());
  };
  Answer answer;
  if (has(host_.gateway4, host_.gateway6)) answer.names.emplace_back(kHostName);
  for (const auto& [id, member] : members_)
    if (!member.names.empty() && has(member.ipv4, member.ipv6))
      answer.names.push_back(member.names.front());
  if (answer.names.empty()) answer.code = Code::kNoName;
  if (query.type != kPtr && query.type != kAny) answer.names.clear();
  return answer;
}

std::optional<Answer> Zone::find(const Query& query) const {
  if (query.klass != kInternet) return std::nullopt;
  Answer answer;
  bool v4 = query.type == kA || query.type == kAny;
  bool v6 = query.type == kAaaa || query.type == kAny;
  if (query.name == kHostName ||
      std::find(host_names_.begin(), host_names_.end(), query.name) != host_names_.end()) {
    // What listens on the host's loopback does so on 127.0.0.1, as a rule, and many clients try
    // one address only: so IPv6 is there for who writes the gateway's address.
    if (v4) answer.ipv4.push_back(host_.gateway4);
    return answer;
  }
  auto found = named(query.name);
  bool ours = !found.empty();
  for (const std::string& domain : domains_) {
    if (!is_below(query.name, domain)) continue;
    ours = true;
    for (const Member* member : named(query.name.substr(0, query.name.size() - domain.size() - 1)))
      found.push_back(member);
  }
  if (!ours) return reverse(query);
  if (found.empty()) answer.code = Code::kNoName;
  for (const Member* member : found) {
    if (v4) answer.ipv4.push_back(member->ipv4);
    if (v6) answer.ipv6.push_back(member->ipv6);
  }
  return answer;
}

}  // namespace bulkhead::network::dns
