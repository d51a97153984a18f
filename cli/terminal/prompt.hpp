// Questions to the person at the terminal. The question goes to `out`, the answer is one line from
// the terminal `in`; a secret isn't shown while it is typed.
#pragma once

#include <string>
#include <string_view>

#include "bulkhead/result.hpp"
#include "io/output.hpp"

namespace bulkhead::cli {

enum class Typed { kShown, kHidden };

// The line without its end; "" if nothing was typed.
Result<std::string> ask(int in, Output& out, std::string_view question, Typed typed);

}  // namespace bulkhead::cli
