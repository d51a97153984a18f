// The numbers of GET /v1/stats, and the parsers for the kernel's text they are made from (cgroup v2
// files, /proc/net/dev). A line or a value that isn't as documented counts as zero: statistics must
// not fail because a kernel learned a new word.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace bulkhead::guest {

struct Statistics {
  uint64_t memory_usage_bytes = 0;
  uint64_t memory_limit_bytes = 0;
  uint64_t cpu_usage_usec = 0;
  uint64_t block_read_bytes = 0;
  uint64_t block_write_bytes = 0;
  uint64_t num_processes = 0;
  uint64_t network_rx_bytes = 0;
  uint64_t network_tx_bytes = 0;
};

// A file that holds one number; "max" and anything else is 0.
uint64_t parse_single(std::string_view text);

// "key value" lines (cpu.stat, memory.events): the value of key.
uint64_t parse_keyed(std::string_view text, std::string_view key);

// "8:0 rbytes=1 wbytes=2 ..." lines (io.stat): the sum of key over all devices.
uint64_t sum_nested(std::string_view text, std::string_view key);

struct Traffic {
  uint64_t received = 0;
  uint64_t sent = 0;
};

// /proc/net/dev, every interface but lo.
Traffic parse_traffic(std::string_view text);

std::string to_json(const Statistics& statistics);

}  // namespace bulkhead::guest
