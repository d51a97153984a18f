// A log line as a damaged file may hold it: a record or nothing; and what is written reads back,
// whatever the bytes.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "bulkhead/json.hpp"
#include "bulkhead/log_record.hpp"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  bulkhead::parse_log_record(bytes);
  std::string line;
  bulkhead::append_log_record(line, 1, bulkhead::LogStream::kStderr, bytes, true);
  if (line.find('\n') != line.size() - 1) std::abort();  // a record is a line
  line.pop_back();
  const auto record = bulkhead::parse_log_record(line);
  if (!record || record->text != bytes || record->stream != bulkhead::LogStream::kStderr ||
      !record->partial)
    std::abort();
  if (!bulkhead::parse_json(line)) std::abort();  // any other reader understands it too
  const size_t whole = bulkhead::whole_characters(bytes);
  if (whole > size || whole + 3 < size) std::abort();  // no character of UTF-8 is longer than four
  return 0;
}
