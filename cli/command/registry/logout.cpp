// registry logout: the login is forgotten. That there was none is no failure: there is none now.
#include <nlohmann/json.hpp>

#include "command/commands.hpp"
#include "command/context.hpp"
#include "command/invocation.hpp"
#include "http/target.hpp"
#include "render/field.hpp"
#include "render/table.hpp"

namespace bulkhead::cli {

namespace {

Result<int> run(Context& context, const Invocation& invocation) {
  const std::string& server = invocation.arguments().front();
  const auto answer = context.api().send({"DELETE", "/v1/registries/" + percent_encode(server)});
  if (!answer) return fail(answer.error());
  if (!flag_at(*answer, "removed")) {
    context.err.line("There was no login to " + printable(server) + ".");
  }
  return 0;
}

constexpr Argument kArguments[] = {{.name = "<server>"}};

}  // namespace

namespace commands {
constexpr Command registry_logout = {
    .name = "logout",
    .summary = "Log out of a registry",
    .arguments = kArguments,
    .run = run,
};
}  // namespace commands

}  // namespace bulkhead::cli
