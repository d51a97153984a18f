// Attached start and exec: the client's connection leaves the daemon here and goes to the runtime
// host, so that no daemon restart cuts an open terminal and no stream byte passes through the
// daemon.
#include "bulkhead/json.hpp"
#include "routes.hpp"

namespace bulkhead::api {
namespace {

constexpr const char* kSwitching =
    "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: bulkhead-stream\r\n\r\n";
constexpr Response kSwitches{
    101, "After `Upgrade: bulkhead-stream`: the attach connection of sdk/schema/METHODS.md."};

// Once the connection is handed over, an answer has nowhere to go; Exchange ignores it.
engine::TakeConnection taker(const ExchangePtr& exchange) {
  return [exchange] { return exchange->hand_over(kSwitching); };
}

Status check_upgrade(const Exchange& exchange, bool attach) {
  if (attach == exchange.wants_upgrade()) return {};
  return bulkhead::fail(
      Code::kInvalid,
      attach ? "an attached process needs `Connection: Upgrade` and `Upgrade: bulkhead-stream`"
             : "an upgrade makes sense only for an attached process");
}

void start(const ExchangePtr& exchange, engine::Engine& engine) {
  std::string id = container_id(exchange, engine);
  if (id.empty()) return;
  const Json& body = exchange->body();
  bool attach = body.value("attach", false);
  if (auto status = check_upgrade(*exchange, attach); !status)
    return exchange->fail(status.error());
  engine.containers().start(
      {id, attach, body.value("stdin", false), body.value("size", Json()),
       body.value("cold", false), string_or(body, "sshAuthSock", ""), taker(exchange)},
      origin_of(*exchange), [exchange](const Result<Json>& result) { exchange->answer(result); });
}

void exec(const ExchangePtr& exchange, engine::Engine& engine) {
  std::string id = container_id(exchange, engine);
  if (id.empty()) return;
  const Json& body = exchange->body();
  Json process = body.value("process", Json::object());
  bool detach = body.value("detach", false);
  if (!process.is_object())
    return exchange->fail({Code::kInvalid, "process must be an object", {}});
  if (auto status = check_upgrade(*exchange, !detach); !status)
    return exchange->fail(status.error());
  engine.containers().exec({id, std::move(process), detach, taker(exchange)}, origin_of(*exchange),
                           [exchange](const Result<Json>& result) { exchange->answer(result); });
}

}  // namespace

void add_process_routes(Router& router, engine::Engine& engine) {
  router.add({"POST",
              "/v1/containers/{id}/start",
              {Body::kJson, "StartRequest"},
              "Start a container, attached after an upgrade",
              {},
              {answers("ContainerId"), kSwitches, kNoContainer, kAmbiguous,
               refuses(409, "It runs, and attach is asked for.")},
              [&engine](const ExchangePtr& exchange) { start(exchange, engine); }});
  router.add({"POST",
              "/v1/containers/{id}/exec",
              {Body::kJson, "ExecRequest"},
              "Run a command in a container, attached after an upgrade",
              {},
              {answers("ExecStarted"), kSwitches, kNoContainer, kAmbiguous,
               refuses(409, "It doesn't run."), refuses(422, "The command can't be run.")},
              [&engine](const ExchangePtr& exchange) { exec(exchange, engine); }});
}

}  // namespace bulkhead::api
