// image list: references and digests, or with --verbose a row per platform.
#include <nlohmann/json.hpp>

#include "command/commands.hpp"
#include "command/context.hpp"
#include "command/invocation.hpp"
#include "http/target.hpp"
#include "render/field.hpp"
#include "render/format.hpp"
#include "render/images.hpp"

namespace bulkhead::cli {

namespace {

// What other commands find the image by: a dangling one has no name.
std::string quiet_name(const nlohmann::json& image) {
  const std::string name = text_at(image, "configuration.name");
  return name.empty() ? text_at(image, "configuration.descriptor.digest") : short_name(name).text();
}

Result<int> run(Context& context, const Invocation& invocation) {
  if (invocation.has("quiet") && invocation.has("verbose")) {
    return usage("--quiet conflicts with --verbose");
  }
  Query query;
  query.add_if(invocation.has("at"), "at", invocation.value("at").value_or(""));
  const auto images = context.api().get("/v1/images" + query.text());
  if (!images) return fail(images.error());
  const Format format = parse_format(invocation.value_or_default("format"));
  if (invocation.has("quiet")) {
    for (const auto& image : *images) context.out.line(quiet_name(image));
  } else if (format != Format::kTable) {
    context.out.write(document(*images, format));
  } else {
    context.out.write(invocation.has("verbose") ? verbose_image_table(*images)
                                                : image_table(*images));
  }
  return 0;
}

constexpr Option kOptions[] = {
    kFormatOption,
    {.names = "-q, --quiet", .help = "Show the names only; the digests of images without one"},
    {.names = "-v, --verbose", .help = "Show a row for each platform"},
    {.names = "--at",
     .value = "<seq|time>",
     .help = "Show what was there at an event number or a time (RFC 3339)"},
};
constexpr OptionGroup kGroups[] = {{"Options", kOptions}};

}  // namespace

namespace commands {
constexpr Command image_list = {
    .name = "list",
    .aliases = "ls",
    .summary = "List images",
    .groups = kGroups,
    .run = run,
};
}  // namespace commands

}  // namespace bulkhead::cli
