// Makes events without a decision: facts that were observed, and the outcomes of open operations.
// One place, so that every outcome has the same shape ({"ok": true, ...result} or {"ok": false,
// "error": {...}}).
#pragma once

#include <string>

#include "bulkhead/result.hpp"
#include "model/event.hpp"
#include "model/state.hpp"

namespace bulkhead::model {

NewEvent fact(std::string stream, std::string type, Json data, const Origin& origin = {});
NewEvent intent(std::string stream, std::string type, Json data, const Origin& origin = {});

NewEvent outcome_ok(const Operation& operation, Json result, const Origin& origin = {});
NewEvent outcome_failed(const Operation& operation, const Error& error, const Origin& origin = {});
// After a restart: the outcome was asked of the plugin, or nobody knows it any more.
NewEvent outcome_recovered(const Operation& operation, Json result, const Origin& origin = {});
NewEvent outcome_lost(const Operation& operation, const std::string& why,
                      const Origin& origin = {});

// An outcome's data as a value again: what an idempotent repeat answers with.
Result<Json> outcome_result(const Event& outcome);

Json error_json(const Error& error);

}  // namespace bulkhead::model
