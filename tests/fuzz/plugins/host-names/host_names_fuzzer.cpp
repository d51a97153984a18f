// Whatever comes to the host's resolver: it is answered by a message that ldns can read, no longer
// than the asker takes, or not at all.
#include "name_table.hpp"

// Last, as it redefines bool.
#include <ldns/ldns.h>
#undef bool

using namespace bulkhead;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const names::NameTable table = *names::NameTable::parse(
      {{"zones", {"test"}},
       {"names",
        {{{"name", "web.test"}, {"addresses", {"192.168.64.2", "fd00::2"}}},
         {{"name", "a"}, {"addresses", {"192.168.64.3"}}}}},
       {"subnets", {"192.168.64.0/24", "fd00::/64"}}});
  for (const bool udp : {true, false}) {
    const net::Buffer answer = table.answer({data, size}, udp);
    if (answer.empty()) continue;
    const auto query = net::parse_dns_query({data, size});
    if (!query || (udp && answer.size() > query->udp_size)) __builtin_trap();
    if (!net::dns_answers(answer, query->id, *query)) __builtin_trap();
    ldns_pkt* parsed = nullptr;
    if (ldns_wire2pkt(&parsed, answer.data(), answer.size()) != LDNS_STATUS_OK) __builtin_trap();
    ldns_pkt_free(parsed);
  }
  return 0;
}
