// image load: every image of an OCI or docker archive. The service reads the archive itself, from
// our descriptor.
#include <nlohmann/json.hpp>

#include "command/commands.hpp"
#include "command/image/archive.hpp"
#include "command/invocation.hpp"
#include "http/target.hpp"
#include "render/field.hpp"
#include "render/images.hpp"

namespace bulkhead::cli {

namespace {

Result<int> run(Context& context, const Invocation& invocation) {
  const auto archive = open_archive(context, invocation.value("input").value_or(""));
  if (!archive) return fail(archive.error());
  Query query;
  query.add("name", archive->name).add_if(invocation.has("force"), "force", "1");
  Request request{"POST", "/v1/images/load" + query.text()};
  request.descriptor = archive->descriptor;
  const auto answer = context.api().send(request);
  if (!answer) return fail(answer.error());
  for (const std::string& skipped : texts_at(*answer, "skipped")) {
    context.warn("skipped " + skipped);
  }
  for (const auto& image : list_at(*answer, "images")) {
    const std::string name = text_at(image, "configuration.name");
    context.out.line(name.empty() ? text_at(image, "configuration.descriptor.digest") : name);
  }
  return 0;
}

constexpr Option kOptions[] = {
    {.names = "-i, --input",
     .value = "<path>",
     .help = "Archive to read; standard input by default",
     .completes = Completes::kFile},
    {.names = "-f, --force",
     .help = "Leave out members with unsafe names instead of refusing the archive"},
};
constexpr OptionGroup kGroups[] = {{"Options", kOptions}};

}  // namespace

namespace commands {
constexpr Command image_load = {
    .name = "load",
    .summary = "Load images from an archive",
    .groups = kGroups,
    .run = run,
};
}  // namespace commands

}  // namespace bulkhead::cli
