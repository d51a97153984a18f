// Linux capabilities by name. A container gets the 14 of the OCI default set, plus what is added,
// minus what is dropped.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "bulkhead/result.hpp"

namespace bulkhead::model {

// "net_admin", "CAP_NET_ADMIN" -> "CAP_NET_ADMIN"; "all" -> "ALL". Unknown names are refused with
// the name.
Result<std::string> normalise_capability(std::string_view name);

const std::vector<std::string>& all_capabilities();      // sorted as the kernel numbers them
const std::vector<std::string>& default_capabilities();  // OCI's 14

// `drop ALL` empties the set first, `add` comes next (ALL: every one), single drops come last and
// always win. Names must be normalised. In the kernel's order.
std::vector<std::string> effective_capabilities(const std::vector<std::string>& add,
                                                const std::vector<std::string>& drop);

}  // namespace bulkhead::model
