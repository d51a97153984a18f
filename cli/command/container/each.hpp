// The same request for several containers: all are under way at once, because each may take seconds
// (stop) and they have nothing to do with each other. What succeeds is printed, what fails is told
// on standard error, and one failure is enough for exit status 1.
//
// What is printed is the id of the answer and never the word the user typed, which may be a prefix:
// scripts keep what they read.
#pragma once

#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "command/context.hpp"
#include "command/invocation.hpp"

namespace bulkhead::cli {

using RequestFor = std::function<Request(const std::string& id)>;

// With --all nobody named them: one that has gone or runs now, unlike when it was listed, is passed
// by.
Result<int> for_each_container(Context& context, const Invocation& invocation,
                               const std::vector<std::string>& ids, const RequestFor& request_for);

// The containers a command line names, each once even if it is named by its id and a prefix of it;
// with --all those that `all` lists. Both or neither is a usage error.
Result<std::vector<std::string>> named_containers(
    Context& context, const Invocation& invocation,
    const std::function<Result<std::vector<std::string>>()>& all);

// The id in an answer of the service, or the word that was typed if there is none.
std::string answered_id(const nlohmann::json& answer, const std::string& typed);

// The ids of the containers whose state `wanted` accepts.
Result<std::vector<std::string>> list_containers(
    Context& context, const std::function<bool(const std::string& state)>& wanted);

// "a", "b", "a" -> "a", "b".
std::vector<std::string> without_repetition(const std::vector<std::string>& words);

// A signal as the API takes it: a number if it is one, else the name.
nlohmann::json signal_of(const std::string& text);

// One request body as text.
std::string body_of(const nlohmann::json& tree);

// "Error: ..." and the hint on a second line.
void tell_error(Context& context, const Error& error);

}  // namespace bulkhead::cli
