// image tag: another name for an image; the name is printed.
#include <nlohmann/json.hpp>

#include "command/commands.hpp"
#include "command/context.hpp"
#include "command/invocation.hpp"

namespace bulkhead::cli {

namespace {

Result<int> run(Context& context, const Invocation& invocation) {
  const std::string& source = invocation.arguments()[0];
  const std::string& target = invocation.arguments()[1];
  const auto image = context.api().post("/v1/images/tag", {{"source", source}, {"target", target}});
  if (!image) return fail(image.error());
  context.out.line(target);
  return 0;
}

constexpr Argument kArguments[] = {{.name = "<source>", .completes = Completes::kImage},
                                   {.name = "<target>"}};

}  // namespace

namespace commands {
constexpr Command image_tag = {
    .name = "tag",
    .summary = "Give an image another name",
    .arguments = kArguments,
    .run = run,
};
}  // namespace commands

}  // namespace bulkhead::cli
