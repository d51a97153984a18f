// Questions and answers of RFC 1035, as much of them as a name service for containers needs: one
// question read, addresses and names written, everything else passed on as bytes.
//
//     header 12: id, flags, counts of questions, answers, authorities, additionals
//     question:  name (labels, each after its length, the last one empty), type, class
//     record:    name, type, class, TTL, length, data
//
// The bytes are hostile. A question's name has no compression pointers, because nothing comes
// before it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ethernet.hpp"

namespace bulkhead::network::dns {

constexpr uint16_t kA = 1;
constexpr uint16_t kPtr = 12;
constexpr uint16_t kAaaa = 28;
constexpr uint16_t kOpt = 41;
constexpr uint16_t kAny = 255;
constexpr uint16_t kInternet = 1;
constexpr std::size_t kHeader = 12;
constexpr std::size_t kPlainUdp = 512;  // what a client takes that says nothing else
constexpr uint32_t kTtl = 5;            // seconds; containers come and go

enum class Code : uint8_t { kOk = 0, kFormat = 1, kFailure = 2, kNoName = 3, kNotImplemented = 4 };

struct Query {
  uint16_t id = 0;
  bool recursion = false;  // desired
  std::string name;        // "web.test": small letters, no final dot; "" for the root
  uint16_t type = 0;
  uint16_t klass = 0;
  std::size_t question_end = kHeader;  // of the bytes it was read from
  bool edns = false;
  std::size_t udp_size = kPlainUdp;  // what fits into an answer by UDP
};

// Nothing: not a question that could be answered, not even with an error.
std::optional<Query> read_query(Bytes message);

struct Answer {
  Code code = Code::kOk;
  std::vector<Address4> ipv4;
  std::vector<Address6> ipv6;
  std::vector<std::string> names;  // for PTR
};

// Of no more than `limit` bytes; what doesn't fit is left out, and the answer says so (TC).
std::vector<uint8_t> write_answer(Bytes question, const Query& query, const Answer& answer,
                                  std::size_t limit);

// Of an answer that somebody else gave: without its records and with TC, if it is too long.
std::vector<uint8_t> shortened(Bytes message, std::size_t limit);

// Whether `message` answers this question: the same id, name, type and class.
bool answers(Bytes message, uint16_t id, Bytes question, const Query& query);

}  // namespace bulkhead::network::dns
