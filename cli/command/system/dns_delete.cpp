// system dns delete: a local domain is forgotten.
#include <nlohmann/json.hpp>

#include "command/commands.hpp"
#include "command/context.hpp"
#include "command/invocation.hpp"
#include "command/system/host_names.hpp"
#include "http/target.hpp"
#include "render/field.hpp"

namespace bulkhead::cli {

namespace {

Result<int> run(Context& context, const Invocation& invocation) {
  const std::string& domain = invocation.arguments().front();
  const auto answer = context.api().send({"DELETE", "/v1/system/dns/" + percent_encode(domain)});
  if (!answer) return fail(answer.error());
  context.out.line(domain);
  const std::string answered = text_at(*answer, "domain");
  let_host_forget_domain(context, answered.empty() ? domain : answered);
  return 0;
}

constexpr Argument kArguments[] = {{.name = "<domain-name>"}};

}  // namespace

namespace commands {
constexpr Command system_dns_delete = {
    .name = "delete",
    .aliases = "rm",
    .summary = "Delete a local domain",
    .arguments = kArguments,
    .run = run,
};
}  // namespace commands

}  // namespace bulkhead::cli
