#include "dns_message.hpp"

#include <algorithm>

namespace bulkhead::network::dns {
namespace {

constexpr std::size_t kLongestName = 253;
constexpr std::size_t kLongestLabel = 63;
constexpr std::size_t kLongestUdp = 4096;
constexpr uint16_t kResponse = 0x8000;
constexpr uint16_t kOpcode = 0x7800;
constexpr uint16_t kAuthoritative = 0x0400;
constexpr uint16_t kTruncated = 0x0200;
constexpr uint16_t kRecursionDesired = 0x0100;
constexpr uint16_t kRecursionAvailable = 0x0080;
constexpr uint16_t kPointerToQuestion = 0xc000 | kHeader;

char small(char c) {
  return c >= 'A' && c <= 'Z' ? char(c - 'A' + 'a') : c;
}

// Reads a name without pointers at `at`, and moves `at` behind it.
std::optional<std::string> read_name(Bytes message, std::size_t& at) {
  std::string name;
  while (true) {
    if (at >= message.size()) return std::nullopt;
    std::size_t length = message[at++];
    if (length == 0) return name;
    if (length > kLongestLabel || at + length > message.size()) return std::nullopt;
    if (!name.empty()) name += '.';
    for (std::size_t i = 0; i < length; ++i) {
      char c = small(static_cast<char>(message[at + i]));
      // A dot within a label would make two names look the same.
      if (c == '.' || c == '\0') return std::nullopt;
      name += c;
    }
    if (name.size() > kLongestName) return std::nullopt;
    at += length;
  }
}

class Writer {
 public:
  void u8(uint8_t value) { bytes_.push_back(value); }
  void u16(uint16_t value) {
    u8(static_cast<uint8_t>(value >> 8));
    u8(static_cast<uint8_t>(value));
  }
  void u32(uint32_t value) {
    u16(static_cast<uint16_t>(value >> 16));
    u16(static_cast<uint16_t>(value));
  }
  void raw(Bytes bytes) { bytes_.insert(bytes_.end(), bytes.begin(), bytes.end()); }
  std::size_t size() const { return bytes_.size(); }
  std::vector<uint8_t>& bytes() { return bytes_; }

 private:
  std::vector<uint8_t> bytes_;
};

std::vector<uint8_t> wire_name(std::string_view name) {
  std::vector<uint8_t> wire;
  while (!name.empty()) {
    std::size_t dot = name.find('.');
    std::string_view label = name.substr(0, dot);
    wire.push_back(static_cast<uint8_t>(std::min(label.size(), kLongestLabel)));
    for (char c : label.substr(0, kLongestLabel)) wire.push_back(static_cast<uint8_t>(c));
    name = dot == std::string_view::npos ? std::string_view() : name.substr(dot + 1);
  }
  wire.push_back(0);
  return wire;
}

void set_u16(std::vector<uint8_t>& bytes, std::size_t at, uint16_t value) {
  write16(bytes.data() + at, value);
}

constexpr std::size_t kOptRecord = 11;

void write_opt(Writer& writer) {
  writer.u8(0);  // the root's name
  writer.u16(kOpt);
  writer.u16(kLongestUdp);
  writer.u32(0);
  writer.u16(0);
}

}  // namespace

std::optional<Query> read_query(Bytes message) {
  if (message.size() < kHeader) return std::nullopt;
  uint16_t flags = read16(message.data() + 2);
  if ((flags & kResponse) || (flags & kOpcode) || read16(message.data() + 4) != 1)
    return std::nullopt;
  Query query;
  query.id = read16(message.data());
  query.recursion = (flags & kRecursionDesired) != 0;
  std::size_t at = kHeader;
  auto name = read_name(message, at);
  if (!name || at + 4 > message.size()) return std::nullopt;
  query.name = std::move(*name);
  query.type = read16(message.data() + at);
  query.klass = read16(message.data() + at + 2);
  query.question_end = at + 4;
  // An OPT record directly behind the question, as every client writes it.
  bool bare = read16(message.data() + 6) == 0 && read16(message.data() + 8) == 0;
  std::size_t opt = query.question_end;
  if (bare && read16(message.data() + 10) > 0 && opt + kOptRecord <= message.size() &&
      message[opt] == 0 && read16(message.data() + opt + 1) == kOpt) {
    query.edns = true;
    query.udp_size =
        std::clamp<std::size_t>(read16(message.data() + opt + 3), kPlainUdp, kLongestUdp);
  }
  return query;
}

std::vector<uint8_t> write_answer(Bytes question, const Query& query, const Answer& answer,
                                  std::size_t limit) {
  Writer writer;
  uint16_t flags = static_cast<uint16_t>(kResponse | kAuthoritative | kRecursionAvailable |
                                         static_cast<uint16_t>(answer.code));
  if (query.recursion) flags |= kRecursionDesired;
  writer.u16(query.id);
  writer.u16(flags);
  writer.u16(1);
  writer.u16(0);
  writer.u16(0);
  writer.u16(query.edns ? 1 : 0);
  writer.raw(question.subspan(kHeader, query.question_end - kHeader));
  std::size_t room = limit - std::min(limit, query.edns ? kOptRecord : 0);
  uint16_t count = 0;
  bool truncated = false;
  auto record = [&](uint16_t type, Bytes data) {
    constexpr std::size_t kRecordHead = 12;
    if (writer.size() + kRecordHead + data.size() > room) {
      truncated = true;
      return;
    }
    writer.u16(kPointerToQuestion);
    writer.u16(type);
    writer.u16(kInternet);
    writer.u32(kTtl);
    writer.u16(static_cast<uint16_t>(data.size()));
    writer.raw(data);
    ++count;
  };
  for (const Address4& address : answer.ipv4) record(kA, address);
  for (const Address6& address : answer.ipv6) record(kAaaa, address);
  for (const std::string& name : answer.names) record(kPtr, wire_name(name));
  if (query.edns) write_opt(writer);
  set_u16(writer.bytes(), 6, count);
  if (truncated) set_u16(writer.bytes(), 2, flags | kTruncated);
  return std::move(writer.bytes());
}

std::vector<uint8_t> shortened(Bytes message, std::size_t limit) {
  std::vector<uint8_t> result(message.begin(), message.end());
  if (message.size() <= limit || message.size() < kHeader) return result;
  std::size_t at = kHeader;
  bool question = read16(message.data() + 4) == 1 && read_name(message, at) &&
                  at + 4 <= message.size() && at + 4 <= limit;
  result.resize(question ? at + 4 : kHeader);
  set_u16(result, 2, read16(message.data() + 2) | kTruncated);
  set_u16(result, 4, question ? 1 : 0);
  for (std::size_t count : {6, 8, 10}) set_u16(result, count, 0);
  return result;
}

bool answers(Bytes message, uint16_t id, Bytes question, const Query& query) {
  if (message.size() < query.question_end || read16(message.data()) != id) return false;
  if (!(read16(message.data() + 2) & kResponse) || read16(message.data() + 4) != 1) return false;
  // Letter by letter but for case, which some servers change.
  for (std::size_t i = kHeader; i < query.question_end; ++i)
    if (small(static_cast<char>(message[i])) != small(static_cast<char>(question[i]))) return false;
  return true;
}

}  // namespace bulkhead::network::dns
