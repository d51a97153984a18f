// DNS messages as far as a resolver for containers needs them: one question in, its answer out.
// Everything that isn't answered here is forwarded as it came, byte for byte but for the id.
//
// A name is kept in its wire form (uncompressed, as sent: some clients check that their capitals
// come back) and as text: lower case, labels joined by dots, no dot at the end, bytes that could be
// taken for something else as \DDD.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "address.hpp"
#include "wire.hpp"

namespace bulkhead::net {

enum DnsType : uint16_t {
  kTypeA = 1,
  kTypePtr = 12,
  kTypeAaaa = 28,
  kTypeOpt = 41,
  kTypeAny = 255
};
enum DnsClass : uint16_t { kClassIn = 1 };
enum DnsRcode : uint8_t {
  kNoError = 0,
  kFormErr = 1,
  kServFail = 2,
  kNxDomain = 3,
  kNotImp = 4,
  kRefused = 5
};

struct DnsQuery {
  uint16_t id = 0;
  bool recursion_desired = false;
  bool checking_disabled = false;
  uint8_t opcode = 0;
  Buffer wire_name;  // with its last, empty label
  std::string name;
  uint16_t type = 0;
  uint16_t dns_class = 0;
  bool edns = false;
  uint16_t udp_size = 512;  // what the client takes over UDP
};

// A message of at least a header that is a query with exactly one question, or nothing. What
// follows the question must be well-formed too.
std::optional<DnsQuery> parse_dns_query(Bytes message);

// The question's name as text; nothing if it isn't a name. `at` moves behind it. Compression is
// followed only backwards, and not into the header.
std::optional<std::string> read_dns_name(Bytes message, size_t& at, Buffer* wire = nullptr);

// "web.test" as labels; nothing if it can't be a name.
std::optional<Buffer> dns_name_to_wire(std::string_view name);

// A name as text of questions, however it was written; empty if it can't be one.
std::string dns_spelling(std::string_view name);
// Both spelt so: "a.web.test" is below "test", "test" itself isn't.
bool is_below_dns_name(std::string_view name, std::string_view domain);

struct DnsRecord {
  uint16_t type;
  uint32_t ttl;
  Buffer data;
};

DnsRecord address_record(const Ip& ip, uint32_t ttl);

// The answer from this server's own knowledge. The records belong to the question's name; what
// doesn't fit into `limit` bytes is left out, and the message says so (TC).
Buffer build_dns_answer(const DnsQuery& query, DnsRcode rcode, bool authoritative,
                        const std::vector<DnsRecord>& records, size_t limit);

// An answer that is too long for its client, cut behind the question, with TC set.
Buffer truncate_dns_answer(Bytes answer, const DnsQuery& query);

// Does this message answer that question (the same id, and the same question but for capitals)?
bool dns_answers(Bytes message, uint16_t id, const DnsQuery& query);
bool dns_truncated(Bytes message);

// "1.64.168.192.in-addr.arpa", "....ip6.arpa" -> the address; nothing if it is no such name.
std::optional<Ip> ip_of_reverse_name(std::string_view name);

}  // namespace bulkhead::net
