#include "messages.hpp"

#include "bulkhead/json.hpp"
#include "bulkhead/little_endian.hpp"

namespace bulkhead::plugins {
namespace {

Failure broken(std::string_view what) {
  return fail(Code::kCorrupt, "the plugin host's " + std::string(what) + " is not valid");
}

// Cuts `body` at its first zero byte; false if it has none.
bool split_at_zero(std::string_view body, std::string& before, std::string_view& after) {
  const size_t zero = body.find('\0');
  if (zero == std::string_view::npos) return false;
  before = body.substr(0, zero);
  after = body.substr(zero + 1);
  return true;
}

}  // namespace

std::string encode_hello(const HelloMessage& hello) {
  Json body = {{"protocol", hello.protocol}, {"pid", hello.pid}};
  if (hello.refused) {
    body["refused"] = {{"code", static_cast<int>(hello.refused->code)},
                       {"message", hello.refused->message},
                       {"hint", hello.refused->hint}};
  } else {
    body["id"] = hello.id;
    body["version"] = hello.version;
    body["capabilities"] = hello.capabilities;
    body["started"] = hello.started;
  }
  return dump_json(body);
}

Result<HelloMessage> decode_hello(std::string_view body) {
  const auto parsed = parse_json(body);
  if (!parsed || !parsed->is_object()) return broken("greeting");
  HelloMessage hello;
  hello.protocol = static_cast<int>(integer_or(*parsed, "protocol", 0));
  hello.pid = static_cast<pid_t>(integer_or(*parsed, "pid", 0));
  hello.id = string_or(*parsed, "id", "");
  hello.version = string_or(*parsed, "version", "");
  hello.started = bool_or(*parsed, "started", false);
  if (const auto list = parsed->find("capabilities"); list != parsed->end() && list->is_array()) {
    for (const Json& capability : *list) {
      if (capability.is_string()) hello.capabilities.push_back(capability.get<std::string>());
    }
  }
  if (const auto refused = parsed->find("refused"); refused != parsed->end()) {
    hello.refused =
        Error{static_cast<Code>(integer_or(*refused, "code", 1)),
              string_or(*refused, "message", "it gave no reason"), string_or(*refused, "hint", "")};
  }
  return hello;
}

std::string encode_submit(std::string_view method, std::string_view request) {
  std::string body(method);
  body.push_back('\0');
  body += request;
  return body;
}

Result<SubmitMessage> decode_submit(std::string_view body) {
  SubmitMessage message;
  if (!split_at_zero(body, message.method, message.request)) return broken("submit");
  return message;
}

std::string encode_complete(uint64_t report, std::string_view result, const Error* error) {
  std::string body;
  put_le(body, report);
  put_le(body, static_cast<uint8_t>(error == nullptr ? 1 : 0));
  body += error == nullptr ? std::string(result) : encode_error(*error);
  return body;
}

Result<CompleteMessage> decode_complete(std::string_view body) {
  if (body.size() < sizeof(uint64_t) + 1) return broken("completion");
  CompleteMessage message;
  message.report = get_le<uint64_t>(body);
  const std::string_view rest = body.substr(sizeof(uint64_t) + 1);
  if (body[sizeof(uint64_t)] == 1) {
    message.result = rest;
    return message;
  }
  auto error = decode_error(rest);
  if (!error) return fail(std::move(error.error()));
  message.error = std::move(*error);
  return message;
}

std::string encode_emit(uint64_t report, std::string_view type, std::string_view event) {
  std::string body;
  put_le(body, report);
  body += type;
  body.push_back('\0');
  body += event;
  return body;
}

Result<EmitMessage> decode_emit(std::string_view body) {
  if (body.size() < sizeof(uint64_t)) return broken("event");
  EmitMessage message;
  message.report = get_le<uint64_t>(body);
  if (!split_at_zero(body.substr(sizeof(uint64_t)), message.type, message.event)) {
    return broken("event");
  }
  return message;
}

std::string encode_log(int level, std::string_view text) {
  std::string body;
  put_le(body, static_cast<uint8_t>(level));
  body += text;
  return body;
}

Result<LogMessage> decode_log(std::string_view body) {
  if (body.empty()) return broken("log line");
  return LogMessage{get_le<uint8_t>(body), body.substr(1)};
}

std::string encode_error(const Error& error) {
  std::string body;
  put_le(body, static_cast<int32_t>(error.code));
  put_le(body, static_cast<uint32_t>(error.message.size()));
  body += error.message;
  body += error.hint;
  return body;
}

Result<Error> decode_error(std::string_view body) {
  constexpr size_t kHead = sizeof(int32_t) + sizeof(uint32_t);
  if (body.size() < kHead) return broken("error");
  const auto length = get_le<uint32_t>(body, sizeof(int32_t));
  if (body.size() - kHead < length) return broken("error");
  Error error;
  error.code = static_cast<Code>(get_le<int32_t>(body));
  error.message = body.substr(kHead, length);
  error.hint = body.substr(kHead + length);
  return error;
}

}  // namespace bulkhead::plugins
