// An event of the journal as a line for people: when, its number, what, which phase, on which
// stream, and the plain fields of its data. The whole event is what --format json is for.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

namespace bulkhead::cli {

std::string event_line(const nlohmann::json& event);

}  // namespace bulkhead::cli
