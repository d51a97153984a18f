// Building request targets: "/v1/containers/" + percent_encode(id), and query strings.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace bulkhead::cli {

// Everything but RFC 3986's unreserved characters as %XX.
std::string percent_encode(std::string_view text);

class Query {
 public:
  Query& add(std::string_view key, std::string_view value);
  Query& add_if(bool condition, std::string_view key, std::string_view value);
  // "?a=b&c=d", or "" if nothing was added.
  std::string text() const { return text_; }

 private:
  std::string text_;
};

}  // namespace bulkhead::cli
