// system dns create: a local domain, under which the networks' DNS knows containers; with
// --localhost a name of the host's loopback.
#include <nlohmann/json.hpp>

#include "command/commands.hpp"
#include "command/context.hpp"
#include "command/invocation.hpp"
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
        "Containers are known to each other as <name>.<domain> too, beside <name>. It is "
        "the networks' DNS that answers, so the host's own isn't touched and nobody has to "
        "be root.",
    .arguments = kArguments,
    .groups = kGroups,
    .run = run,
};
}  // namespace commands

}  // namespace bulkhead::cli
