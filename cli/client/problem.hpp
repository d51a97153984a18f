// Problem documents (RFC 9457) to Error: the detail is the sentence, the code keeps its meaning, so
// that a command that the container doesn't have ends as exit status 127 here too.
#pragma once

#include <string>

#include "bulkhead/result.hpp"

namespace bulkhead::cli {

Error problem_of(unsigned status, const std::string& body);

// The status a program ends with after `error`: 64 for usage, 126, 127 and 128+n as shells have
// them, 1 for the rest.
int exit_status_of(const Error& error);

}  // namespace bulkhead::cli
