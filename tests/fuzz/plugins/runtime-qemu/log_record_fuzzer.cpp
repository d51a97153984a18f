// Any bytes make a record that reads back as UTF-8; any line is a record or nothing.
#include "bulkhead/log_record.hpp"

#include <cstdint>
#include <cstdlib>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace bulkhead;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  (void)parse_log_record(bytes);
  std::string line;
  append_log_record(line, 1, LogStream::kStdout, bytes, size % 2 == 0);
  if (line.find('\n') != line.size() - 1) std::abort();
  line.pop_back();
  const auto record = parse_log_record(line);
  if (!record || record->partial != (size % 2 == 0)) std::abort();
  if (whole_characters(bytes) + 3 < size) std::abort();
  return 0;
}
