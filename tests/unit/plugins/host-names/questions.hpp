// Questions as a resolver's client writes them, and its look at the answer.
#pragma once

#include <string>

#include "dns_message.hpp"

namespace bulkhead::names::test {

inline net::Buffer question(const std::string& name, uint16_t type,
                            uint16_t dns_class = net::kClassIn) {
  net::Buffer out = {0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0};
  net::append(out, *net::dns_name_to_wire(name));
  net::append16(out, type);
  net::append16(out, dns_class);
  return out;
}

inline int rcode(net::Bytes answer) {
  return answer.size() < 12 ? -1 : answer[3] & 15;
}
inline int records(net::Bytes answer) {
  return answer.size() < 12 ? -1 : net::read16(answer, 6);
}
// The data of the last record, as so many bytes as are asked for.
inline net::Buffer tail(net::Bytes answer, size_t size) {
  return {answer.end() - static_cast<ptrdiff_t>(std::min(size, answer.size())), answer.end()};
}

}  // namespace bulkhead::names::test
