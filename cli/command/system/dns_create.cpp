// system dns create: a local domain, under which containers know each other and this host's
// programs know them; with --localhost a name of the host's loopback.
#include <nlohmann/json.hpp>

#include "command/commands.hpp"
#include "command/context.hpp"
#include "command/invocation.hpp"
#include "command/system/host_names.hpp"
#include "options/host_name.hpp"
#include "render/field.hpp"

namespace bulkhead::cli {

using nlohmann::json;

namespace {

Result<int> run(Context& context, const Invocation& invocation) {
  const std::string& domain = invocation.arguments().front();
  if (!is_host_name(domain)) return usage("'" + domain + "' is not a domain name");
  json request = {{"domain", domain}};
  if (const auto address = invocation.value("localhost")) {
    if (!is_ipv4_address(*address)) {
      return usage("--localhost '" + *address + "' is not an IPv4 address");
    }
    request["localhost"] = *address;
  }
  const auto created = context.api().post("/v1/system/dns", request);
  if (!created) return fail(created.error());
  const std::string answered = text_at(*created, "domain");
  context.out.line(answered.empty() ? domain : answered);
  tell_host_of_domain(context, answered.empty() ? domain : answered);
  return 0;
}

constexpr Argument kArguments[] = {{.name = "<domain-name>"}};
constexpr Option kOptions[] = {
    {.names = "--localhost",
     .value = "<ipv4>",
     .help = "Make the domain mean the host's loopback, through this address"}};
constexpr OptionGroup kGroups[] = {{"Options", kOptions}};

}  // namespace

namespace commands {
constexpr Command system_dns_create = {
    .name = "create",
    .summary = "Create a local domain",
    .details =
        "Containers are known to each other as <name>.<domain> too, beside <name>, and so they "
        "are to this host's own programs: the service answers at the loopback (property "
        "dns.host-port), and where there is systemd-resolved, it is told to ask there. Only that "
        "takes root: at a terminal sudo asks, elsewhere the command to type is shown.",
    .arguments = kArguments,
    .groups = kGroups,
    .run = run,
};
}  // namespace commands

}  // namespace bulkhead::cli
