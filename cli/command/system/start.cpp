// system start: the service, once. It answers when this command ends.
#include "command/commands.hpp"
#include "command/context.hpp"
#include "command/invocation.hpp"
#include "options/host_path.hpp"
#include "options/number.hpp"

namespace bulkhead::cli {

namespace {

Result<int> run(Context& context, const Invocation& invocation) {
  StartOptions options;
  const auto seconds = parse_number(invocation.value_or_default("timeout"), "--timeout", 1, 3600);
  if (!seconds) return fail(seconds.error());
  options.timeout = std::chrono::seconds(*seconds);
  if (invocation.has("enable-kernel-install") && invocation.has("disable-kernel-install")) {
    return usage("--enable-kernel-install conflicts with --disable-kernel-install");
  }
  for (const auto& [option, place] :
       {std::pair("app-root", &options.root), std::pair("install-root", &options.install_root)}) {
    const auto given = invocation.value(option);
    if (!given) continue;
    auto path = parse_host_path(*given, "--" + std::string(option));
    if (!path) return fail(std::move(path.error()));
    *place = std::move(*path);
  }
  const auto started = context.service.start(options);
  if (!started) return fail(started.error());
  context.out.line(*started ? "The service is started." : "The service is running already.");
  if (options.root && context.environment("CONTAINER_ROOT") != *options.root) {
    context.err.line("Set CONTAINER_ROOT=" + *options.root +
                     " for the commands that shall find it.");
  }
  return 0;
}

constexpr Option kOptions[] = {
    {.names = "-a, --app-root",
     .value = "<path>",
     .help =
         "Folder for everything the service keeps; the same as CONTAINER_ROOT in the environment",
     .completes = Completes::kDirectory},
    {.names = "--install-root",
     .value = "<path>",
     .help = "Folder with the programs to start; this program's own by default",
     .completes = Completes::kDirectory},
    {.names = "--log-root",
     .value = "<path>",
     .help = "Folder for logs",
     .needs = "needs a place for logs of its own; logs stand beside the data in this version "
              "(--app-root)",
     .completes = Completes::kDirectory},
    {.names = "--enable-kernel-install",
     .help = "Nothing to do: the kernel comes with this version"},
    {.names = "--disable-kernel-install",
     .help = "Nothing to do: the kernel comes with this version"},
    {.names = "--timeout",
     .value = "<seconds>",
     .help = "How long to wait for the service to answer",
     .fallback = "30"},
};
constexpr OptionGroup kGroups[] = {{"Options", kOptions}};

}  // namespace

namespace commands {
constexpr Command system_start = {
    .name = "start",
    .summary = "Start the service",
    .groups = kGroups,
    .run = run,
};
}  // namespace commands

}  // namespace bulkhead::cli
