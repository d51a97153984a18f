// system property get: the value and nothing else.
#include <nlohmann/json.hpp>

#include "command/commands.hpp"
#include "command/context.hpp"
#include "command/invocation.hpp"
#include "http/target.hpp"
#include "render/field.hpp"

namespace bulkhead::cli {

namespace {

Result<int> run(Context& context, const Invocation& invocation) {
  const auto property =
      context.api().get("/v1/system/properties/" + percent_encode(invocation.arguments()[0]));
  if (!property) return fail(property.error());
  context.out.line(text_at(*property, "value"));
  return 0;
}

constexpr Argument kArguments[] = {{.name = "<key>"}};

}  // namespace

namespace commands {
constexpr Command system_property_get = {
    .name = "get",
    .summary = "Show a property's value",
    .arguments = kArguments,
    .run = run,
};
}  // namespace commands

}  // namespace bulkhead::cli
