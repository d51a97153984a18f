// An NDJSON answer shown line by line as it comes: raw for machines, one line an event for people.
#pragma once

#include <string>

#include "command/context.hpp"
#include "command/invocation.hpp"

namespace bulkhead::cli {

inline constexpr Option kEventFormatOption = {
    .names = "--format",
    .value = "<format>",
    .help = "A line for people, or the whole event as JSON, one a line",
    .choices = "table|json",
    .fallback = "table"};

Result<int> show_events(Context& context, const std::string& target, const std::string& format);

}  // namespace bulkhead::cli
