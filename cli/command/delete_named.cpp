#include "command/delete_named.hpp"

#include <nlohmann/json.hpp>

#include "command/container/each.hpp"

namespace bulkhead::cli {

namespace {

Result<std::vector<std::string>> wanted(const Invocation& invocation, const Deletion& deletion) {
  const bool named = !invocation.arguments().empty();
  if (!invocation.has("all")) {
    if (!named) {
      return usage("no " + deletion.kind + " is named: give at least one name, or --all");
    }
    return without_repetition(invocation.arguments());
  }
  if (named) {
    return usage(deletion.kind + " names conflict with --all: name some or take all of them");
  }
  return deletion.all();
}

std::string sentence_of(const Error& error) {
  return error.message + (error.hint.empty() ? "" : ". " + error.hint);
}

}  // namespace

Result<int> delete_named(Context& context, const Invocation& invocation, const Deletion& deletion) {
  const auto names = wanted(invocation, deletion);
  if (!names) return fail(names.error());
  std::string failed;  // "\"a\", \"b\""
  Error error;
  for (const std::string& name : *names) {
    const auto answer = context.api().send({"DELETE", deletion.target_of(name)});
    if (answer) {
      context.out.line(answered_id(*answer, name));
    } else if (!invocation.has("all") || answer.error().code != Code::kNotFound) {
      error.code = answer.error().code;
      error.hint += (failed.empty() ? "" : "; ") + sentence_of(answer.error());
      failed += (failed.empty() ? "" : ", ") + body_of(name);
    }
  }
  if (failed.empty()) return 0;
  error.message = "delete failed for one or more " + deletion.kind + "s: [" + failed + "]";
  return fail(std::move(error));
}

}  // namespace bulkhead::cli
