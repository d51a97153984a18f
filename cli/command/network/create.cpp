// container network create: a network of its own subnet; its name is printed.
#include <nlohmann/json.hpp>

#include "command/commands.hpp"
#include "command/container/each.hpp"
#include "options/label.hpp"
#include "options/network.hpp"

namespace bulkhead::cli {

using nlohmann::json;

namespace {

// Where the reference's plugin is meant, this host's own is.
constexpr std::string_view kReferencePlugin = "container-network-vmnet";
// The reference's choice between kinds of vmnet, of which there is none here.
constexpr const char* kReferenceOption = "variant";

Status put_options(Context& context, json& request, const Invocation& invocation) {
  auto options = parse_network_options(invocation.values("option"));
  if (!options) return fail(std::move(options.error()));
  if (options->erase(kReferenceOption) != 0) {
    context.warn("--option variant has no meaning on this host and is ignored");
  }
  if (!options->empty()) request["options"] = std::move(*options);
  return {};
}

Result<json> network_request(Context& context, const Invocation& invocation) {
  json request = {{"name", invocation.arguments().front()}};
  for (const auto& [option, field] :
       {std::pair("subnet", "subnet"), std::pair("subnet-v6", "subnetV6")}) {
    if (const auto text = invocation.value(option)) request[field] = *text;
  }
  const auto plugin = invocation.value("plugin");
  if (plugin && *plugin != kReferencePlugin) request["plugin"] = *plugin;
  if (invocation.has("internal")) request["internal"] = true;
  auto labels = parse_labels(invocation.values("label"));
  if (!labels) return fail(std::move(labels.error()));
  if (!labels->empty()) request["labels"] = std::move(*labels);
  if (auto ok = put_options(context, request, invocation); !ok) return fail(std::move(ok.error()));
  return request;
}

Result<int> run(Context& context, const Invocation& invocation) {
  const auto request = network_request(context, invocation);
  if (!request) return fail(request.error());
  const auto created = context.api().post("/v1/networks", *request);
  if (!created) return fail(created.error());
  context.out.line(answered_id(*created, invocation.arguments().front()));
  return 0;
}

constexpr Argument kArguments[] = {{.name = "<name>"}};
constexpr Option kOptions[] = {
    {.names = "--internal", .help = "Reach other containers only, and nothing outside"},
    {.names = "--label", .value = "<key=value>", .help = "Label the network", .repeats = true},
    {.names = "--option",
     .value = "<key=value>",
     .help = "Option of the plugin: host-loopback=false keeps services of the host's loopback out "
             "of reach, mtu=<number> is what interfaces get",
     .repeats = true},
    {.names = "--plugin",
     .value = "<name>",
     .help = "Network plugin; this host's default is network-slirp, by that name or as "
             "container-network-vmnet"},
    {.names = "--subnet",
     .value = "<cidr>",
     .help = "IPv4 subnet, e.g. 192.168.100.0/24; a free one by default"},
    {.names = "--subnet-v6",
     .value = "<cidr>",
     .help = "IPv6 prefix, e.g. fd00:1234::/64; a free one by default"},
};
constexpr OptionGroup kGroups[] = {{"Options", kOptions}};

}  // namespace

namespace commands {
constexpr Command network_create = {
    .name = "create",
    .summary = "Create a network",
    .arguments = kArguments,
    .groups = kGroups,
    .run = run,
};
}  // namespace commands

}  // namespace bulkhead::cli
