// image push: an image to the registry that its name says.
#include <nlohmann/json.hpp>

#include "command/commands.hpp"
#include "command/image/transfer.hpp"
#include "options/platform.hpp"
#include "options/transfer.hpp"
#include "render/field.hpp"

namespace bulkhead::cli {

using nlohmann::json;

namespace {

Result<int> run(Context& context, const Invocation& invocation) {
  const std::string& reference = invocation.arguments().front();
  const auto platform = chosen_platform(invocation, context.environment);
  if (!platform) return fail(platform.error());
  json request = {{"reference", reference}, {"scheme", invocation.value_or_default("scheme")}};
  if (*platform) request["platform"] = (*platform)->to_json();
  const ProgressStyle style =
      invocation.has("quiet") ? ProgressStyle::kNone : progress_style(context, invocation);
  const auto pushed = transfer(context, "/v1/images/push", request, style);
  if (!pushed) return fail(pushed.error());
  std::string name = text_at(*pushed, "reference");
  if (name.empty()) name = reference;
  // What was named by a digest has that one in its name already.
  context.out.line(name.substr(0, name.find('@')) + "@" + text_at(*pushed, "digest"));
  return 0;
}

constexpr Argument kArguments[] = {{.name = "<reference>", .completes = Completes::kImage}};
constexpr Option kOptions[] = {
    kOnlyArchOption, kOnlyOsOption,     kOnlyPlatformOption,
    kProgressOption, kNoProgressOption, kSchemeOption,
};
constexpr OptionGroup kGroups[] = {{"Options", kOptions}};

}  // namespace

namespace commands {
constexpr Command image_push = {
    .name = "push",
    .summary = "Push an image to a registry",
    .details =
        "The name and the digest that the registry knows it by are printed: "
        "<name>@<digest>.",
    .arguments = kArguments,
    .groups = kGroups,
    .run = run,
};
}  // namespace commands

}  // namespace bulkhead::cli
