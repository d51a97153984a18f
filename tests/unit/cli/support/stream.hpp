// A service's answer of NDJSON lines.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "support/fake_service.hpp"

namespace bulkhead::cli::testing {

// Cut in two in the middle, and ended by the end of the connection.
inline FakeService::Conversation lines_of(const std::vector<nlohmann::json>& events) {
  std::string text;
  for (const auto& event : events) text += event.dump() + "\n";
  return [text](int connection, const Received&) {
    send_bytes(connection,
               "HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson\r\n"
               "Connection: close\r\n\r\n" +
                   text.substr(0, text.size() / 2));
    send_bytes(connection, text.substr(text.size() / 2));
  };
}

inline nlohmann::json done(const nlohmann::json& result) {
  return {{"event", "done"}, {"result", result}};
}

inline nlohmann::json failed(int status, int code, const std::string& detail) {
  return {{"event", "failed"},
          {"problem", {{"status", status}, {"code", code}, {"detail", detail}}}};
}

}  // namespace bulkhead::cli::testing
