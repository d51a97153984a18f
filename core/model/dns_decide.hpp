// Domains of `system dns create`: below each of them every container has its name (web.test), on
// every network. A record of the service; no file of the host changes for it.
#pragma once

#include <string>
#include <vector>

#include "bulkhead/result.hpp"
#include "model/event.hpp"
#include "model/state.hpp"

namespace bulkhead::model {

// localhost: an IPv4 address under which containers reach the host by this name, or "".
Result<Decision> decide_dns_create(const State& state, const std::string& domain,
                                   const std::string& localhost, const Origin& origin);
Result<Decision> decide_dns_delete(const State& state, const std::string& domain,
                                   const Origin& origin);

// As it is kept: small letters, no final dot.
std::string normalise_domain(std::string domain);

// Every domain below which containers have names: those created, and the property's.
std::vector<std::string> container_domains(const State& state);
// The domains that are other names of the host.
std::vector<std::string> host_domains(const State& state);

}  // namespace bulkhead::model
