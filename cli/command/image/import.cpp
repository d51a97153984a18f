// image import: a root file system archive becomes an image of one layer. The way to make images
// where there is no builder and no registry.
#include <nlohmann/json.hpp>

#include "command/commands.hpp"
#include "command/image/archive.hpp"
#include "command/invocation.hpp"
#include "http/target.hpp"
#include "options/image_config.hpp"
#include "options/platform.hpp"
#include "render/field.hpp"

namespace bulkhead::cli {

namespace {

Result<int> run(Context& context, const Invocation& invocation) {
  const auto& words = invocation.arguments();
  const auto config = image_config(invocation, context.environment);
  if (!config) return fail(config.error());
  const auto platform = chosen_platform(invocation, context.environment);
  if (!platform) return fail(platform.error());
  const auto archive = open_archive(context, words.empty() ? "-" : words[0]);
  if (!archive) return fail(archive.error());

  Query query;
  query.add("name", archive->name);
  if (words.size() > 1) query.add("reference", words[1]);
  if (!config->empty()) query.add("config", config->dump());
  if (*platform) query.add("platform", (*platform)->text());
  if (const auto message = invocation.value("message")) query.add("message", *message);
  Request request{"POST", "/v1/images/import" + query.text()};
  request.descriptor = archive->descriptor;
  const auto image = context.api().send(request);
  if (!image) return fail(image.error());
  const std::string name = text_at(*image, "configuration.name");
  context.out.line(name.empty() ? text_at(*image, "configuration.descriptor.digest") : name);
  return 0;
}

constexpr Argument kArguments[] = {
    {.name = "<archive>",
     .help = "Tar of a root file system, plain or compressed; - for standard input",
     .min = 0,
     .completes = Completes::kFile},
    {.name = "<reference>", .help = "Name for the image", .min = 0},
};
constexpr Option kOptions[] = {
    {.names = "-c, --change",
     .value = "<instruction>",
     .help = "Apply a Dockerfile instruction, e.g. 'CMD [\"sh\"]'",
     .repeats = true},
    {.names = "--config",
     .value = "<json>",
     .help = "The OCI configuration: Env, Cmd, Entrypoint, WorkingDir, User, Labels, StopSignal"},
    {.names = "--cmd",
     .value = "<command>",
     .help = "Command: a JSON array of words, or a line for the shell"},
    {.names = "--entrypoint", .value = "<command>", .help = "Entrypoint, in the same forms"},
    {.names = "-e, --env", .value = "<key=value>", .help = "Environment variable", .repeats = true},
    {.names = "-w, --workdir", .value = "<dir>", .help = "Working directory"},
    {.names = "-u, --user", .value = "<name|uid[:gid]>", .help = "User of the process"},
    {.names = "-l, --label", .value = "<key=value>", .help = "Label", .repeats = true},
    {.names = "--stop-signal", .value = "<signal>", .help = "Signal that asks the process to end"},
    {.names = "-m, --message", .value = "<text>", .help = "Comment in the image's history"},
    {.names = "-a, --arch",
     .value = "<arch>",
     .help = "Architecture of the files; the host's by default"},
    {.names = "--os",
     .value = "<os>",
     .help = "Operating system of the files",
     .fallback = "linux"},
    {.names = "--platform",
     .value = "<os/arch[/variant]>",
     .help = "Platform of the files; wins over --os and --arch"},
};
constexpr OptionGroup kGroups[] = {{"Options", kOptions}};

}  // namespace

namespace commands {
constexpr Command image_import = {
    .name = "import",
    .summary = "Make an image of a root file system archive",
    .arguments = kArguments,
    .groups = kGroups,
    .run = run,
};
}  // namespace commands

}  // namespace bulkhead::cli
