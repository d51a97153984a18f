#include "dns_message.hpp"

#include <algorithm>
#include <charconv>
#include <cstdio>

namespace bulkhead::net {
namespace {

constexpr size_t kHeader = 12;
constexpr size_t kMaxName = 255;
constexpr size_t kMaxLabel = 63;
constexpr uint16_t kResponse = 0x8000, kAuthoritative = 0x0400, kTruncated = 0x0200,
                   kRecursionDesired = 0x0100, kRecursionAvailable = 0x0080,
                   kCheckingDisabled = 0x0010;

void append_label_text(std::string& out, Bytes label) {
  if (!out.empty()) out += '.';
  for (const uint8_t byte : label) {
    if (byte <= ' ' || byte >= 0x7f || byte == '.' || byte == '\\') {
      char escaped[5];
      std::snprintf(escaped, sizeof escaped, "\\%03u", byte);
      out += escaped;
    } else {
      out += static_cast<char>(byte >= 'A' && byte <= 'Z' ? byte + ('a' - 'A') : byte);
    }
  }
}

struct Header {
  uint16_t id, flags, questions, answers, authorities, additionals;
};

std::optional<Header> read_header(Bytes message) {
  if (message.size() < kHeader) return std::nullopt;
  return Header{read16(message, 0), read16(message, 2), read16(message, 4),
                read16(message, 6), read16(message, 8), read16(message, 10)};
}

bool read_question(Bytes message, size_t& at, DnsQuery& query) {
  auto name = read_dns_name(message, at, &query.wire_name);
  if (!name || message.size() - at < 4) return false;
  query.name = std::move(*name);
  query.type = read16(message, at);
  query.dns_class = read16(message, at + 2);
  at += 4;
  return true;
}

// Records behind the question; of interest is only the client's OPT.
bool read_records(Bytes message, size_t at, size_t count, size_t additional_from, DnsQuery& query) {
  for (size_t i = 0; i < count; i++) {
    const auto name = read_dns_name(message, at);
    if (!name || message.size() - at < 10) return false;
    const uint16_t type = read16(message, at);
    const uint16_t size = read16(message, at + 2);
    const size_t length = read16(message, at + 8);
    at += 10;
    if (message.size() - at < length) return false;
    at += length;
    if (type != kTypeOpt || i < additional_from) continue;
    if (query.edns || !name->empty()) return false;
    query.edns = true;
    query.udp_size = std::max<uint16_t>(size, 512);
  }
  return true;
}

void append_header(Buffer& out, const DnsQuery& query, uint16_t flags, uint8_t rcode) {
  append16(out, query.id);
  flags |= kResponse | kRecursionAvailable;
  if (query.recursion_desired) flags |= kRecursionDesired;
  if (query.checking_disabled) flags |= kCheckingDisabled;
  flags = static_cast<uint16_t>(flags | (query.opcode & 15) << 11 | rcode);
  append16(out, flags);
  append16(out, 1);
  append16(out, 0);
  append16(out, 0);
  append16(out, query.edns ? 1 : 0);
}

void append_question(Buffer& out, const DnsQuery& query) {
  append(out, query.wire_name);
  append16(out, query.type);
  append16(out, query.dns_class);
}

void append_opt(Buffer& out, const DnsQuery& query) {
  if (!query.edns) return;
  out.push_back(0);
  append16(out, kTypeOpt);
  append16(out, 4096);
  append32(out, 0);
  append16(out, 0);
}

std::optional<uint8_t> number(std::string_view text) {
  uint8_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  if (text.size() > 1 && text[0] == '0') return std::nullopt;
  return value;
}

std::vector<std::string_view> labels_of(std::string_view name) {
  std::vector<std::string_view> labels;
  while (true) {
    const size_t dot = name.find('.');
    labels.push_back(name.substr(0, dot));
    if (dot == std::string_view::npos) return labels;
    name.remove_prefix(dot + 1);
  }
}

}  // namespace

std::optional<std::string> read_dns_name(Bytes message, size_t& at, Buffer* wire) {
  std::string text;
  size_t length = 1;
  size_t position = at;
  size_t limit = message.size();  // a pointer goes before where it stands: no loops
  bool jumped = false;
  Buffer collected;
  while (true) {
    if (position >= limit) return std::nullopt;
    const uint8_t size = message[position];
    if (size == 0) {
      if (!jumped) at = position + 1;
      collected.push_back(0);
      if (wire != nullptr) *wire = std::move(collected);
      return text;
    }
    if ((size & 0xc0) == 0xc0) {
      if (position + 1 >= message.size()) return std::nullopt;
      const size_t target = static_cast<size_t>(size & 0x3f) << 8 | message[position + 1];
      if (target >= position || target < kHeader) return std::nullopt;
      if (!jumped) at = position + 2;
      jumped = true;
      limit = position;
      position = target;
      continue;
    }
    if (size > kMaxLabel || message.size() - position - 1 < size) return std::nullopt;
    length += size + size_t{1};
    if (length > kMaxName) return std::nullopt;
    append_label_text(text, message.subspan(position + 1, size));
    append(collected, message.subspan(position, size + size_t{1}));
    position += size + size_t{1};
  }
}

std::optional<DnsQuery> parse_dns_query(Bytes message) {
  const auto header = read_header(message);
  if (!header || (header->flags & kResponse) != 0 || header->questions != 1) return std::nullopt;
  DnsQuery query;
  query.id = header->id;
  query.opcode = static_cast<uint8_t>(header->flags >> 11 & 15);
  query.recursion_desired = (header->flags & kRecursionDesired) != 0;
  query.checking_disabled = (header->flags & kCheckingDisabled) != 0;
  size_t at = kHeader;
  if (!read_question(message, at, query)) return std::nullopt;
  const size_t before = size_t{header->answers} + header->authorities;
  if (!read_records(message, at, before + header->additionals, before, query)) return std::nullopt;
  return query;
}

std::optional<Buffer> dns_name_to_wire(std::string_view name) {
  Buffer out;
  if (!name.empty()) {
    for (const std::string_view label : labels_of(name)) {
      if (label.empty() || label.size() > kMaxLabel) return std::nullopt;
      out.push_back(static_cast<uint8_t>(label.size()));
      out.insert(out.end(), label.begin(), label.end());
    }
  }
  out.push_back(0);
  if (out.size() > kMaxName) return std::nullopt;
  return out;
}

std::string dns_spelling(std::string_view name) {
  if (name.ends_with('.')) name.remove_suffix(1);
  const auto wire = dns_name_to_wire(name);
  if (!wire || name.empty()) return {};
  size_t at = 0;
  return read_dns_name(*wire, at).value_or("");
}

bool is_below_dns_name(std::string_view name, std::string_view domain) {
  return name.size() > domain.size() + 1 && name.ends_with(domain) &&
         name[name.size() - domain.size() - 1] == '.';
}

DnsRecord address_record(const Ip& ip, uint32_t ttl) {
  const Bytes bytes = ip.span();
  return {ip.v6 ? kTypeAaaa : kTypeA, ttl, Buffer(bytes.begin(), bytes.end())};
}

Buffer build_dns_answer(const DnsQuery& query, DnsRcode rcode, bool authoritative,
                        const std::vector<DnsRecord>& records, size_t limit) {
  Buffer out;
  append_header(out, query, authoritative ? kAuthoritative : 0, rcode);
  append_question(out, query);
  const size_t reserve = query.edns ? 11 : 0;
  uint16_t count = 0;
  for (const DnsRecord& record : records) {
    if (out.size() + 12 + record.data.size() + reserve > limit) {
      write16(out, 2, read16(out, 2) | kTruncated);
      break;
    }
    append16(out, 0xc000 | kHeader);  // the question's name
    append16(out, record.type);
    append16(out, kClassIn);
    append32(out, record.ttl);
    append16(out, static_cast<uint16_t>(record.data.size()));
    append(out, record.data);
    count++;
  }
  write16(out, 6, count);
  append_opt(out, query);
  return out;
}

Buffer truncate_dns_answer(Bytes answer, const DnsQuery& query) {
  Buffer out(answer.begin(), answer.begin() + kHeader);
  write16(out, 2, read16(out, 2) | kTruncated);
  write16(out, 4, 1);
  write16(out, 6, 0);
  write16(out, 8, 0);
  write16(out, 10, query.edns ? 1 : 0);
  append_question(out, query);
  append_opt(out, query);
  return out;
}

bool dns_answers(Bytes message, uint16_t id, const DnsQuery& query) {
  const auto header = read_header(message);
  if (!header || header->id != id || (header->flags & kResponse) == 0 || header->questions != 1)
    return false;
  DnsQuery asked;
  size_t at = kHeader;
  return read_question(message, at, asked) && asked.name == query.name &&
         asked.type == query.type && asked.dns_class == query.dns_class;
}

bool dns_truncated(Bytes message) {
  return message.size() >= kHeader && (read16(message, 2) & kTruncated) != 0;
}

std::optional<Ip> ip_of_reverse_name(std::string_view name) {
  const auto labels = labels_of(name);
  Ip ip;
  if (labels.size() == 6 && labels[4] == "in-addr" && labels[5] == "arpa") {
    for (size_t i = 0; i < 4; i++) {
      const auto byte = number(labels[3 - i]);
      if (!byte) return std::nullopt;
      ip.bytes[i] = *byte;
    }
    return ip;
  }
  if (labels.size() != 34 || labels[32] != "ip6" || labels[33] != "arpa") return std::nullopt;
  ip.v6 = true;
  for (size_t i = 0; i < 32; i++) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    const std::string_view label = labels[31 - i];
    const size_t value = label.size() == 1 ? kDigits.find(label[0]) : std::string_view::npos;
    if (value == std::string_view::npos) return std::nullopt;
    ip.bytes[i / 2] = static_cast<uint8_t>(ip.bytes[i / 2] << 4 | value);
  }
  return ip;
}

}  // namespace bulkhead::net
