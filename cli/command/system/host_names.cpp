#include "command/system/host_names.hpp"

#include <nlohmann/json.hpp>

#include "host/resolved.hpp"
#include "render/field.hpp"

namespace bulkhead::cli {

using nlohmann::json;

namespace {

// Of a service that doesn't know of all this: empty.
json system_of(Context& context) {
  const auto system = context.api().get("/v1/system");
  return system ? *system : json::object();
}

bool warn_of_problem(Context& context, const json& system) {
  const std::string problem = text_at(system, "dns.problem");
  if (problem.empty()) return false;
  context.warn("this host's programs don't find containers by name: " + problem +
               " (`container system property set dns.host-port` takes another port)");
  return true;
}

}  // namespace

void tell_host_of_domain(Context& context, const std::string& domain) {
  const json system = system_of(context);
  const std::string address = text_at(system, "dns.address");
  if (address.empty() || warn_of_problem(context, system)) return;
  const Resolved resolved(Resolved::surroundings_of(context));
  if (resolved.exists())
    return context.err.write(resolved.add({domain, address, text_at(system, "appRoot")}));
  const size_t colon = address.rfind(':');
  context.err.line("There is no systemd-resolved here to be told; ask with `dig @" +
                   address.substr(0, colon) + " -p " + address.substr(colon + 1) + " NAME." +
                   domain + "`.");
}

void let_host_forget_domain(Context& context, const std::string& domain) {
  const Resolved resolved(Resolved::surroundings_of(context));
  if (!resolved.exists()) return;
  const json system = system_of(context);
  context.err.write(resolved.remove({domain, "", text_at(system, "appRoot")}));
}

void warn_if_host_is_not_served(Context& context) {
  warn_of_problem(context, system_of(context));
}

}  // namespace bulkhead::cli
