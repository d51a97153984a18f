#include "model/facts.hpp"

#include "model/read_json.hpp"

namespace bulkhead::model {
namespace {

NewEvent make(std::string stream, std::string type, Phase phase, Json data, const Origin& origin) {
  NewEvent event;
  event.stream = std::move(stream);
  event.type = std::move(type);
  event.phase = phase;
  event.cause = origin.cause;
  event.actor = origin.actor;
  event.data = data.is_object() ? std::move(data) : Json::object();
  return event;
}

NewEvent outcome(const Operation& operation, Json data, const Origin& origin) {
  NewEvent event = make(operation.stream, operation.type, Phase::kOutcome, std::move(data), origin);
  event.op = operation.op;
  return event;
}

}  // namespace

NewEvent fact(std::string stream, std::string type, Json data, const Origin& origin) {
  return make(std::move(stream), std::move(type), Phase::kFact, std::move(data), origin);
}

NewEvent intent(std::string stream, std::string type, Json data, const Origin& origin) {
  NewEvent event =
      make(std::move(stream), std::move(type), Phase::kIntent, std::move(data), origin);
  if (origin.idempotency_key.empty()) return event;
  event.data["idempotencyKey"] = origin.idempotency_key;
  if (!origin.request.empty()) event.actor["request"] = origin.request;
  return event;
}

NewEvent outcome_ok(const Operation& operation, Json result, const Origin& origin) {
  NewEvent event = outcome(operation, std::move(result), origin);
  event.data["ok"] = true;
  return event;
}

NewEvent outcome_failed(const Operation& operation, const Error& error, const Origin& origin) {
  return outcome(operation, {{"ok", false}, {"error", error_json(error)}}, origin);
}

NewEvent outcome_recovered(const Operation& operation, Json result, const Origin& origin) {
  NewEvent event = outcome_ok(operation, std::move(result), origin);
  event.data["recovered"] = "completed";
  return event;
}

NewEvent outcome_lost(const Operation& operation, const std::string& why, const Origin& origin) {
  NewEvent event = outcome_failed(operation, Error{Code::kUnavailable, why, {}}, origin);
  event.data["recovered"] = "lost";
  return event;
}

Result<Json> outcome_result(const Event& outcome) {
  if (read_flag(outcome.data, "ok")) {
    Json result = outcome.data;
    result.erase("ok");
    result.erase("recovered");
    return result;
  }
  const Json& error = member(outcome.data, "error");
  return fail(Code(read_small(error, "code").value_or(int(Code::kInternal))),
              read_text(error, "message", outcome.type + " failed"), read_text(error, "hint"));
}

Json error_json(const Error& error) {
  Json json = {{"code", int(error.code)}, {"message", error.message}};
  if (!error.hint.empty()) json["hint"] = error.hint;
  return json;
}

}  // namespace bulkhead::model
