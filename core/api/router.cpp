#include "router.hpp"

#include <optional>

namespace bulkhead::api {
namespace {

using Params = std::map<std::string, std::string>;

std::optional<Params> match_path(const char* pattern, const std::vector<std::string>& path) {
  auto parts = parse_target(pattern);
  if (!parts || parts->path.size() != path.size()) return std::nullopt;
  Params params;
  for (size_t i = 0; i < path.size(); ++i) {
    const std::string& part = parts->path[i];
    if (part.size() > 2 && part.front() == '{') {
      if (path[i].empty()) return std::nullopt;
      params[part.substr(1, part.size() - 2)] = path[i];
    } else if (part != path[i]) {
      return std::nullopt;
    }
  }
  return params;
}

}  // namespace

Result<const Route*> Router::match(Exchange& exchange) const {
  auto target = parse_target(exchange.head_.target);
  if (!target) return bulkhead::fail(std::move(target.error()));
  exchange.target_ = std::move(*target);
  bool path_known = false;
  for (const Route& route : routes_) {
    auto params = match_path(route.pattern, exchange.target_.path);
    if (!params) continue;
    path_known = true;
    if (exchange.head_.method != route.method) continue;
    exchange.params_ = std::move(*params);
    return &route;
  }
  if (path_known)
    return bulkhead::fail(Code::kUnsupported,
                          exchange.head_.method + " is not possible on " + exchange.head_.target);
  return bulkhead::fail(Code::kNotFound, "there is nothing at " + exchange.head_.target,
                        "GET /v1/openapi.json lists what there is");
}

}  // namespace bulkhead::api
