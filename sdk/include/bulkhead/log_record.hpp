// One line of a container's log, shared by the runtime host, which writes it, and the daemon, which
// reads it.
//
// Format: a JSON object a line, keys in this order, no spaces:
//     {"t":1700000000000000,"s":"stdout","d":"text of the line","p":true}
// `t` microseconds since the epoch, `s` the stream, `d` the text without its newline, `p` only if
// the record doesn't end its line. A record therefore prints as d, followed by a newline unless p:
// what the process wrote, byte for byte. A text that isn't UTF-8 has each of its bytes as a
// character of Latin-1, U+0000 to U+00FF, and says so by a last key `"e":"latin1"`.
//
// JSON, so that `jq` and every log shipper can read the file; a line each, so that a torn last
// record (a host killed in the middle of a write, a full disk) costs that record and no other.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace bulkhead {

enum class LogStream : uint8_t { kStdout = 1, kStderr = 2 };

struct LogRecord {
  int64_t time_us = 0;
  LogStream stream = LogStream::kStdout;
  std::string text;
  bool partial = false;
};

// Appends the record and its newline. `text` may be any bytes.
void append_log_record(std::string& out, int64_t time_us, LogStream stream, std::string_view text,
                       bool partial);

// The record of a line (without its newline); nothing if it isn't one.
std::optional<LogRecord> parse_log_record(std::string_view line);

// How many bytes of `text` remain if an unfinished UTF-8 character at its end is left for later:
// what cuts a long line into records must not make two that aren't UTF-8 out of one that is.
size_t whole_characters(std::string_view text);

}  // namespace bulkhead
