#include "command/container/start_body.hpp"

#include <nlohmann/json.hpp>

#include "options/connections.hpp"

namespace bulkhead::cli {

using nlohmann::json;

namespace {

json start(const Environment& environment, bool cold, bool attach, bool interactive) {
  json body = {{"attach", attach}, {"stdin", interactive}};
  if (cold) body["cold"] = true;
  if (const auto agent = ssh_agent_socket(environment)) body["sshAuthSock"] = *agent;
  return body;
}

}  // namespace

json detached_start(const Environment& environment, bool cold) {
  return start(environment, cold, false, false);
}

json attached_start(const Environment& environment, bool cold, bool interactive, const json& size) {
  json body = start(environment, cold, true, interactive);
  if (!size.is_null()) body["size"] = size;
  return body;
}

}  // namespace bulkhead::cli
