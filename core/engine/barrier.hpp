// Where an exception becomes an error. The engine throws nothing itself, but a library that it uses
// does (JSON of another type than expected, no memory), and what reaches the loop ends the daemon.
// So each step that works on foreign JSON is called through here: a decision, an effect, what
// follows a plugin's answer. The step that threw gets an outcome like any other that failed.
#pragma once

#include <exception>
#include <optional>
#include <string>

#include "bulkhead/json.hpp"
#include "bulkhead/result.hpp"

namespace bulkhead::engine {

// Nothing, or what was thrown: kInvalid if the JSON was to blame, kInternal otherwise.
template <class Step>
std::optional<Error> guarded(Step&& step) {
  try {
    step();
    return std::nullopt;
  } catch (const Json::exception& error) {
    return Error{Code::kInvalid, std::string("the JSON is not as documented: ") + error.what(), {}};
  } catch (const std::exception& error) {
    return Error{Code::kInternal, std::string("unexpected: ") + error.what(), {}};
  }
}

}  // namespace bulkhead::engine
