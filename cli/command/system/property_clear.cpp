// system property clear: back to the default.
#include <nlohmann/json.hpp>

#include "command/commands.hpp"
#include "command/context.hpp"
#include "command/invocation.hpp"
#include "http/target.hpp"

namespace bulkhead::cli {

namespace {

Result<int> run(Context& context, const Invocation& invocation) {
  const auto answer = context.api().send(
      {"DELETE", "/v1/system/properties/" + percent_encode(invocation.arguments()[0])});
  if (!answer) return fail(answer.error());
  return 0;
}

constexpr Argument kArguments[] = {{.name = "<key>"}};

}  // namespace

namespace commands {
constexpr Command system_property_clear = {
    .name = "clear",
    .summary = "Set a property back to its default",
    .arguments = kArguments,
    .run = run,
};
}  // namespace commands

}  // namespace bulkhead::cli
