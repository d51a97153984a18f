// Turning errno into a sentence and a code, and an Error into the protocol's body.
//
// The SDK has fail_errno for this. The guest has its own because PID 1 links nothing of the house
// but headers, and because strerror would bring in translations: strerrordesc_np is the same text
// without them.
#pragma once

#include <string>
#include <string_view>

#include "bulkhead/result.hpp"

namespace bulkhead::guest {

// "open /x: No such file or directory" from the errno of this moment.
Failure fail_now(std::string_view doing);
Failure fail_with(std::string_view doing, int errno_value);

// The HTTP status that stands beside an error's code.
int http_status(Code code);

}  // namespace bulkhead::guest
