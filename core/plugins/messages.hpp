// The bodies of the frames between the daemon and a plugin host (bulkhead/frame.hpp), for both
// ends: the daemon's class and the host program are compiled from the same lines, so they can't
// disagree.
//
//     hello      JSON: {"protocol": 1, "version": s}, answered by the host with
//                {"protocol": 1, "pid": n, "id": s, "version": s, "capabilities": [s],
//                 "started": bool}
//                or, if it can't load its plugin,
//                {"protocol": 1, "pid": n, "refused": {"code": n, "message": s, "hint": s}}
//     submit     method, 0, request
//     complete   u64 report, u8 1, result | u64 report, u8 0, error
//     emit       u64 report, type, 0, event
//     log        u8 level, text
//     error      i32 code, u32 length of the message, message, hint
//
// Requests, results and events are JSON already and pass through as bytes. Decoders believe
// nothing: the host's bytes come from a process that runs foreign code.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bulkhead/result.hpp"

namespace bulkhead::plugins {

inline constexpr int kHostProtocol = 1;

struct HelloMessage {
  int protocol = kHostProtocol;
  pid_t pid = 0;
  std::string id;
  std::string version;
  std::vector<std::string> capabilities;
  bool started = false;
  std::optional<Error> refused;
};
std::string encode_hello(const HelloMessage& hello);
Result<HelloMessage> decode_hello(std::string_view body);

struct SubmitMessage {
  std::string method;
  std::string_view request;  // into the body
};
std::string encode_submit(std::string_view method, std::string_view request);
Result<SubmitMessage> decode_submit(std::string_view body);

struct CompleteMessage {
  uint64_t report = 0;
  std::string_view result;     // into the body
  std::optional<Error> error;  // in place of the result
};
std::string encode_complete(uint64_t report, std::string_view result, const Error* error);
Result<CompleteMessage> decode_complete(std::string_view body);

struct EmitMessage {
  uint64_t report = 0;
  std::string type;
  std::string_view event;  // into the body
};
std::string encode_emit(uint64_t report, std::string_view type, std::string_view event);
Result<EmitMessage> decode_emit(std::string_view body);

struct LogMessage {
  int level = 0;
  std::string_view text;  // into the body
};
std::string encode_log(int level, std::string_view text);
Result<LogMessage> decode_log(std::string_view body);

std::string encode_error(const Error& error);
Result<Error> decode_error(std::string_view body);

}  // namespace bulkhead::plugins
