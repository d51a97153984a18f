// What `system dns` says and does about this host's own programs, beside the service's record.
// Never a failure: the domain is there for containers in any case. All of it goes to standard
// error.
#pragma once

#include <string>

#include "command/context.hpp"

namespace bulkhead::cli {

// After a domain was made: tells systemd-resolved, or the user how to ask.
void tell_host_of_domain(Context& context, const std::string& domain);
void let_host_forget_domain(Context& context, const std::string& domain);
// If the service can't answer this host's programs: why.
void warn_if_host_is_not_served(Context& context);

}  // namespace bulkhead::cli
