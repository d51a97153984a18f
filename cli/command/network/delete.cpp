// container network delete: networks that no container refers to, not even a stopped one. The
// default network belongs to the service and stays, so --all means the others.
#include <nlohmann/json.hpp>

#include "command/commands.hpp"
#include "command/delete_named.hpp"
#include "render/field.hpp"

namespace bulkhead::cli {

using nlohmann::json;

namespace {

// The key has dots of its own, so it isn't a path.
bool is_builtin(const json& network) {
  const json& labels = at(network, "configuration.labels");
  const auto role = labels.find("com.apple.container.resource.role");
  return text_at(network, "id") == "default" || (role != labels.end() && *role == "builtin");
}

Result<std::vector<std::string>> all(Context& context) {
  const auto networks = context.api().get("/v1/networks");
  if (!networks) return fail(networks.error());
  std::vector<std::string> names;
  for (const json& network : *networks) {
    if (!is_builtin(network)) names.push_back(text_at(network, "id"));
  }
  return names;
}

Result<int> run(Context& context, const Invocation& invocation) {
  return delete_named(context, invocation,
                      {"network", [](const std::string& name) { return network_target(name); },
                       [&] { return all(context); }});
}

constexpr Argument kArguments[] = {
    {.name = "<name>", .min = 0, .max = kMany, .completes = Completes::kNetwork}};
constexpr Option kOptions[] = {
    {.names = "-a, --all", .help = "Delete all networks but the default one"}};
constexpr OptionGroup kGroups[] = {{"Options", kOptions}};

}  // namespace

namespace commands {
constexpr Command network_delete = {
    .name = "delete",
    .aliases = "rm",
    .summary = "Delete networks",
    .arguments = kArguments,
    .groups = kGroups,
    .run = run,
};
}  // namespace commands

}  // namespace bulkhead::cli
