// The same request for several containers: all are under way at once, because each may take seconds
// (stop) and they have nothing to do with each other. What succeeds is printed, what fails is told
// on standard error, and one failure is enough for exit status 1.
#pragma once

#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "command/context.hpp"
#include "command/invocation.hpp"

namespace bulkhead::cli {

using RequestFor = std::function<Request(const std::string& id)>;
using Answered = std::function<void(const std::string& id, const nlohmann::json& answer)>;

Result<int> for_each_container(Context& context, const std::vector<std::string>& ids,
                               const RequestFor& request_for, const Answered& answered);

// The ids a command line names, without repetition; with --all those that `all` lists. Both or
// neither is a usage error.
Result<std::vector<std::string>> named_containers(
    const Invocation& invocation, const std::function<Result<std::vector<std::string>>()>& all);

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
