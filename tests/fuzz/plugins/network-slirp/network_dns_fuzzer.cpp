// Any bytes as a question. What is read as one, ldns reads as one, with the same name and type; and
// ldns can read every answer.
#include <ldns/ldns.h>

#include <cstdint>
#include <cstdlib>

#include "dns_message.hpp"

namespace {

using namespace bulkhead::network;

void check(bool good) {
  if (!good) std::abort();
}

ldns_pkt* parsed(Bytes message) {
  ldns_pkt* packet = nullptr;
  return ldns_wire2pkt(&packet, message.data(), message.size()) == LDNS_STATUS_OK ? packet
                                                                                  : nullptr;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const Bytes bytes(data, size);
  (void)dns::shortened(bytes, dns::kPlainUdp);
  auto query = dns::read_query(bytes);
  if (!query) return 0;
  // Only the question: what follows it may be nonsense, and isn't read.
  std::vector<uint8_t> alone(bytes.begin(), bytes.begin() + std::ptrdiff_t(query->question_end));
  for (size_t count = 6; count < 12; ++count) alone[count] = 0;
  if (ldns_pkt* packet = parsed(alone)) {
    ldns_rr* question = ldns_rr_list_rr(ldns_pkt_question(packet), 0);
    check(question != nullptr && ldns_rr_get_type(question) == ldns_rr_type(query->type));
    ldns_pkt_free(packet);
  }
  dns::Answer answer;
  answer.ipv4.resize(size % 50);
  answer.ipv6.resize(size % 7);
  answer.names.assign(size % 3, "web.test");
  auto message = dns::write_answer(bytes, *query, answer, query->udp_size);
  check(message.size() <= query->udp_size || message.size() <= query->question_end + 11);
  check(dns::answers(message, query->id, bytes, *query));
  ldns_pkt* packet = parsed(message);
  check(packet != nullptr);
  ldns_pkt_free(packet);
  return 0;
}
