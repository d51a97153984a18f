#include "guest/core/statistics.hpp"

#include <charconv>

namespace bulkhead::guest {
namespace {

std::string_view next_line(std::string_view& rest) {
  size_t end = rest.find('\n');
  std::string_view line = rest.substr(0, end);
  rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
  return line;
}

// Words are separated by any number of spaces.
std::string_view next_word(std::string_view& rest) {
  size_t begin = rest.find_first_not_of(" \t");
  if (begin == std::string_view::npos) begin = rest.size();
  rest.remove_prefix(begin);
  std::string_view word = rest.substr(0, rest.find_first_of(" \t"));
  rest.remove_prefix(word.size());
  return word;
}

uint64_t number(std::string_view text) {
  uint64_t value = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size() ? value : 0;
}

}  // namespace

uint64_t parse_single(std::string_view text) {
  return number(next_line(text));
}

uint64_t parse_keyed(std::string_view text, std::string_view key) {
  while (!text.empty()) {
    std::string_view line = next_line(text);
    if (next_word(line) == key) return number(next_word(line));
  }
  return 0;
}

uint64_t sum_nested(std::string_view text, std::string_view key) {
  uint64_t sum = 0;
  while (!text.empty()) {
    std::string_view line = next_line(text);
    for (std::string_view word = next_word(line); !word.empty(); word = next_word(line)) {
      if (word.size() > key.size() && word[key.size()] == '=' && word.starts_with(key))
        sum += number(word.substr(key.size() + 1));
    }
  }
  return sum;
}

Traffic parse_traffic(std::string_view text) {
  Traffic total;
  while (!text.empty()) {
    std::string_view line = next_line(text);
    // "  eth0: rx-bytes and seven more, tx-bytes and seven more"; the two title lines have no
    // colon.
    size_t colon = line.find(':');
    if (colon == std::string_view::npos) continue;
    std::string_view name = line.substr(0, colon);
    line.remove_prefix(colon + 1);
    if (next_word(name) == "lo") continue;
    total.received += number(next_word(line));
    for (int skipped = 0; skipped < 7; skipped++) next_word(line);
    total.sent += number(next_word(line));
  }
  return total;
}

std::string to_json(const Statistics& statistics) {
  std::string json;
  auto add = [&json](std::string_view key, uint64_t value) {
    json.append(json.empty() ? "{\"" : ",\"").append(key).append("\":");
    json.append(std::to_string(value));
  };
  add("memoryUsageBytes", statistics.memory_usage_bytes);
  add("memoryLimitBytes", statistics.memory_limit_bytes);
  add("cpuUsageUsec", statistics.cpu_usage_usec);
  add("blockReadBytes", statistics.block_read_bytes);
  add("blockWriteBytes", statistics.block_write_bytes);
  add("numProcesses", statistics.num_processes);
  add("networkRxBytes", statistics.network_rx_bytes);
  add("networkTxBytes", statistics.network_tx_bytes);
  return json + "}";
}

}  // namespace bulkhead::guest
