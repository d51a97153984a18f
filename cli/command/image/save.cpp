// image save: images as one OCI archive. The service writes it itself, into our descriptor.
//
// A file of the name asked for appears whole or not at all: the archive grows beside it and is
// renamed at the end. Pipes and devices are written to directly.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <optional>

#include "command/commands.hpp"
#include "command/container/each.hpp"
#include "options/platform.hpp"
#include "render/field.hpp"
#include "terminal/interrupt.hpp"

namespace bulkhead::cli {

using nlohmann::json;

namespace {

Result<json> save_request(const Invocation& invocation, const Environment& environment) {
  json body = {{"references", without_repetition(invocation.arguments())}};
  const auto platform = chosen_platform(invocation, environment);
  if (!platform) return fail(platform.error());
  if (*platform) {
    body["platform"] = (*platform)->to_json();
  }
  return body;
}

Status save_to(Context& context, const json& body, int descriptor) {
  Request request{"POST", "/v1/images/save", body_of(body)};
  request.descriptor = descriptor;
  const auto answer = context.api().send(request);
  if (!answer) return fail(answer.error());
  return {};
}

Status save_to_file(Context& context, const json& body, const std::string& path) {
  struct stat status = {};
  const bool special = stat(path.c_str(), &status) == 0 && !S_ISREG(status.st_mode);
  const std::string growing = special ? path : path + ".part-" + std::to_string(getpid());
  const int flags = special ? O_WRONLY : O_WRONLY | O_CREAT | O_TRUNC;
  const UniqueFd file(open(growing.c_str(), flags | O_CLOEXEC, 0644));
  if (!file) return fail_errno("open " + path, errno);
  if (special) return save_to(context, body, file.get());
  UnfinishedFile unfinished(growing);
  if (auto saved = save_to(context, body, file.get()); !saved) return saved;
  if (rename(growing.c_str(), path.c_str()) != 0) return fail_errno("create " + path, errno);
  unfinished.finished();
  return {};
}

Result<int> run(Context& context, const Invocation& invocation) {
  const auto body = save_request(invocation, context.environment);
  if (!body) return fail(body.error());
  const auto path = invocation.value("output");
  if (!path && context.out.is_terminal()) {
    return usage("an archive is not written to a terminal: use --output or redirect it");
  }
  const auto saved =
      path ? save_to_file(context, *body, *path) : save_to(context, *body, context.out.fd());
  if (!saved) return fail(saved.error());
  Output& told = path ? context.out : context.err;
  for (const auto& reference : texts_at(*body, "references")) told.line(reference);
  return 0;
}

constexpr Argument kArguments[] = {
    {.name = "<reference>", .max = kMany, .completes = Completes::kImage}};
constexpr Option kOptions[] = {
    {.names = "-a, --arch", .value = "<arch>", .help = "Save only this architecture"},
    {.names = "--os", .value = "<os>", .help = "Save only this operating system"},
    {.names = "-o, --output",
     .value = "<path>",
     .help = "File to write; standard output by default",
     .completes = Completes::kFile},
    {.names = "--platform",
     .value = "<os/arch[/variant]>",
     .help = "Save only this platform; wins over --os and --arch"},
};
constexpr OptionGroup kGroups[] = {{"Options", kOptions}};

}  // namespace

namespace commands {
constexpr Command image_save = {
    .name = "save",
    .summary = "Save images to an archive",
    .arguments = kArguments,
    .groups = kGroups,
    .run = run,
};
}  // namespace commands

}  // namespace bulkhead::cli
