// Signals by name and number. The numbers are Linux's, on every host: they are meant for the guest.
#pragma once

#include <string>
#include <string_view>

#include "bulkhead/result.hpp"

namespace bulkhead::model {

// "TERM", "sigterm", "15", "RTMIN+3" -> number.
Result<int> parse_signal(std::string_view text);
// 15 -> "SIGTERM"; numbers without a name -> "34".
std::string signal_name(int number);

}  // namespace bulkhead::model
