// The VM's console, which the host keeps as the container's boot log. Descriptor 2 of PID 1.
#pragma once

#include <string_view>

namespace bulkhead::guest {

// "bulkhead: text" on a line of its own.
void say(std::string_view text);

// Says why and ends the VM. PID 1 has nobody to return an error to.
[[noreturn]] void die(std::string_view reason);

}  // namespace bulkhead::guest
