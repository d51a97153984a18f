// image pull: an image from a registry, for one platform or for all.
#include <nlohmann/json.hpp>

#include "command/commands.hpp"
#include "command/image/transfer.hpp"
#include "options/transfer.hpp"
#include "render/field.hpp"

namespace bulkhead::cli {

using nlohmann::json;

namespace {

Result<json> request_of(const Invocation& invocation, const Environment& environment) {
  auto request = pull_request(invocation, invocation.arguments().front(), environment);
  if (!request || !invocation.has("all-platforms")) return request;
  for (const char* option : {"platform", "os", "arch"}) {
    if (invocation.has(option)) {
      return usage("--" + std::string(option) + " conflicts with --all-platforms");
    }
  }
  request->erase("platform");  // the environment's
  (*request)["allPlatforms"] = true;
  return request;
}

Result<int> run(Context& context, const Invocation& invocation) {
  const auto request = request_of(invocation, context.environment);
  if (!request) return fail(request.error());
  const ProgressStyle style =
      invocation.has("quiet") ? ProgressStyle::kNone : progress_style(context, invocation);
  const auto image = transfer(context, "/v1/images/pull", *request, style);
  if (!image) return fail(image.error());
  const std::string name = text_at(*image, "configuration.name");
  context.out.line(name.empty() ? text_at(*image, "configuration.descriptor.digest") : name);
  return 0;
}

constexpr Argument kArguments[] = {{.name = "<reference>", .completes = Completes::kImage}};
constexpr Option kOptions[] = {
    kOnlyArchOption,
    {.names = "--all-platforms", .help = "Every platform there is; only the host's by default"},
    kDownloadsOption,
    kOnlyOsOption,
    kOnlyPlatformOption,
    kProgressOption,
    kNoProgressOption,
    kSchemeOption,
};
constexpr OptionGroup kGroups[] = {{"Options", kOptions}};

}  // namespace

namespace commands {
constexpr Command image_pull = {
    .name = "pull",
    .summary = "Pull an image from a registry",
    .details =
        "The image's name is printed. What has come when a pull ends early is kept: the "
        "next one goes on from there.",
    .arguments = kArguments,
    .groups = kGroups,
    .run = run,
};
}  // namespace commands

}  // namespace bulkhead::cli
