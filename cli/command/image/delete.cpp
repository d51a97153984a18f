// image delete: names go, and with the last name the content nobody else uses. One after the other,
// because two names of one image must not race for its content.
#include <nlohmann/json.hpp>

#include "command/commands.hpp"
#include "command/container/each.hpp"
#include "render/field.hpp"
#include "render/reclaimed.hpp"

namespace bulkhead::cli {

namespace {

Result<std::vector<std::string>> references(Context& context, const Invocation& invocation) {
  if (!invocation.has("all")) {
    if (invocation.arguments().empty()) {
      return usage("no image is named: give at least one reference, or --all");
    }
    return without_repetition(invocation.arguments());
  }
  if (!invocation.arguments().empty()) {
    return usage("image names conflict with --all: name images or take all of them");
  }
  const auto images = context.api().get("/v1/images");
  if (!images) return fail(images.error());
  std::vector<std::string> all;
  for (const auto& image : *images) {
    const std::string name = text_at(image, "configuration.name");
    all.push_back(name.empty() ? text_at(image, "configuration.descriptor.digest") : name);
  }
  return all;
}

Result<int> run(Context& context, const Invocation& invocation) {
  const bool force = invocation.has("force");
  const auto names = references(context, invocation);
  if (!names) return fail(names.error());
  uint64_t reclaimed = 0;
  bool any = names->empty();
  int status = 0;
  for (const std::string& name : *names) {
    const auto answer = context.api().send({"DELETE", image_target(name, force ? "?force=1" : "")});
    if (answer) {
      context.out.line(name);
      reclaimed += number_at(*answer, "reclaimed");
      any = true;
    } else if (!force || answer.error().code != Code::kNotFound) {
      tell_error(context, answer.error());
      status = 1;
    }
  }
  if (any) context.err.line(reclaimed_line(reclaimed));
  return status;
}

constexpr Argument kArguments[] = {
    {.name = "<image>", .min = 0, .max = kMany, .completes = Completes::kImage}};
constexpr Option kOptions[] = {
    {.names = "-a, --all", .help = "Delete all images"},
    {.names = "-f, --force",
     .help = "Delete images that containers use, and pass over those that don't exist"},
};
constexpr OptionGroup kGroups[] = {{"Options", kOptions}};

}  // namespace

namespace commands {
constexpr Command image_delete = {
    .name = "delete",
    .aliases = "rm",
    .summary = "Delete images",
    .arguments = kArguments,
    .groups = kGroups,
    .run = run,
};
}  // namespace commands

}  // namespace bulkhead::cli
