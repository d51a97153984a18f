// system property set: the service checks the value; what it isn't given is not changed.
#include <nlohmann/json.hpp>

#include "command/commands.hpp"
#include "command/container/each.hpp"
#include "http/target.hpp"

namespace bulkhead::cli {

namespace {

Result<int> run(Context& context, const Invocation& invocation) {
  const auto& words = invocation.arguments();
  const auto answer = context.api().send(
      {"PUT", "/v1/system/properties/" + percent_encode(words[0]), body_of({{"value", words[1]}})});
  if (!answer) return fail(answer.error());
  return 0;
}

constexpr Argument kArguments[] = {{.name = "<key>"}, {.name = "<value>"}};

}  // namespace

namespace commands {
constexpr Command system_property_set = {
    .name = "set",
    .summary = "Set a property",
    .arguments = kArguments,
    .run = run,
};
}  // namespace commands

}  // namespace bulkhead::cli
