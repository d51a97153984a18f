// system dns list: the local domains.
#include <nlohmann/json.hpp>

#include "command/commands.hpp"
#include "command/context.hpp"
#include "command/invocation.hpp"
#include "command/system/host_names.hpp"
#include "render/field.hpp"
#include "render/format.hpp"
#include "render/networks.hpp"

namespace bulkhead::cli {

namespace {

Result<int> run(Context& context, const Invocation& invocation) {
  const auto domains = context.api().get("/v1/system/dns");
  if (!domains) return fail(domains.error());
  const Format format = parse_format(invocation.value_or_default("format"));
  if (invocation.has("quiet")) {
    for (const std::string& domain : texts_at(*domains, "")) context.out.line(domain);
  } else if (format != Format::kTable) {
    context.out.write(document(*domains, format));
  } else {
    context.out.write(domain_table(*domains));
    if (!domains->empty()) warn_if_host_is_not_served(context);
  }
  return 0;
}

constexpr Option kOptions[] = {kFormatOption,
                               {.names = "-q, --quiet", .help = "Show the domains only"}};
constexpr OptionGroup kGroups[] = {{"Options", kOptions}};

}  // namespace

namespace commands {
constexpr Command system_dns_list = {
    .name = "list",
    .aliases = "ls",
    .summary = "List local domains",
    .groups = kGroups,
    .run = run,
};
}  // namespace commands

}  // namespace bulkhead::cli
