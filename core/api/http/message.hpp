// An HTTP request's head and the answer's head, as values. Field names are kept in lower case: HTTP
// compares them so.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bulkhead/result.hpp"

namespace bulkhead::api {

struct Head {
  std::string method;
  std::string target;  // as sent, e.g. "/v1/containers?all=1"
  std::map<std::string, std::string> fields;
  bool keep_alive = true;
  bool has_body = false;

  std::string_view field(const std::string& name) const {
    auto it = fields.find(name);
    return it == fields.end() ? std::string_view{} : std::string_view{it->second};
  }
};

// A target taken apart: "/v1/containers/a%20b?all=1" -> path {"v1","containers","a b"}, query
// {{"all","1"}}.
struct Target {
  std::vector<std::string> path;
  std::vector<std::pair<std::string, std::string>>
      query;  // in order; a name may come several times

  std::optional<std::string> get(std::string_view name) const;
  std::vector<std::string> get_all(std::string_view name) const;
  bool flag(std::string_view name) const;  // present and not "0" or "false"
};

// Percent-decoding included; refuses malformed escapes and NUL.
Result<Target> parse_target(std::string_view target);

// "HTTP/1.1 200 OK\r\n...\r\n\r\n"; date and server fields are left out: a Unix socket has no
// caches to guide.
std::string response_head(int status,
                          const std::vector<std::pair<std::string, std::string>>& fields);

const char* reason_phrase(int status);

}  // namespace bulkhead::api
