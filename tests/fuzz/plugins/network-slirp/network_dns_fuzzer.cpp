// DNS messages of a container, with ldns for a second opinion: what we take for a question is one
// to ldns too, of the same name and type, and what we answer is a message to it.
#include "dns_message.hpp"

#include <cstring>

// Last, as it redefines bool.
#include <ldns/ldns.h>
#undef bool

using namespace bulkhead::net;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const Bytes message(data, size);
  const auto query = parse_dns_query(message);
  if (!query) return 0;
  size_t position = 12;
  ldns_rr* question = nullptr;
  if (ldns_wire2rr(&question, data, size, &position, LDNS_SECTION_QUESTION) != LDNS_STATUS_OK)
    __builtin_trap();
  const ldns_rdf* name = ldns_rr_owner(question);
  if (ldns_rdf_size(name) != query->wire_name.size() ||
      std::memcmp(ldns_rdf_data(name), query->wire_name.data(), query->wire_name.size()) != 0 ||
      ldns_rr_get_type(question) != query->type)
    __builtin_trap();
  ldns_rr_free(question);
  const std::vector<DnsRecord> records(3, address_record(*parse_ip("192.168.64.2"), 5));
  const Buffer answer = build_dns_answer(*query, kNoError, true, records, query->udp_size);
  ldns_pkt* parsed = nullptr;
  if (ldns_wire2pkt(&parsed, answer.data(), answer.size()) != LDNS_STATUS_OK) __builtin_trap();
  ldns_pkt_free(parsed);
  if (!dns_answers(answer, query->id, *query)) __builtin_trap();
  if (!dns_truncated(truncate_dns_answer(answer, *query))) __builtin_trap();
  return 0;
}
