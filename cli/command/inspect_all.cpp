#include "command/inspect_all.hpp"

#include <nlohmann/json.hpp>

#include "http/target.hpp"
#include "render/format.hpp"

namespace bulkhead::cli {

using nlohmann::json;

Result<int> inspect_all(Context& context, const Invocation& invocation, const std::string& kind,
                        const std::function<std::string(const std::string& name)>& target_of) {
  Api api = context.api();
  const bool has_a_past = find_option(invocation.command(), "at") != nullptr;
  const std::string query =
      has_a_past && invocation.has("at") ? Query().add("at", *invocation.value("at")).text() : "";
  json found = json::array();
  std::string missing;
  for (const std::string& name : invocation.arguments()) {
    auto answer = api.get(target_of(name) + query);
    if (answer) {
      found.push_back(std::move(*answer));
    } else if (answer.error().code == Code::kNotFound) {
      missing += (missing.empty() ? "" : ", ") + name;
    } else {
      return fail(std::move(answer.error()));
    }
  }
  if (!missing.empty()) return fail(Code::kNotFound, kind + " not found: " + missing);
  context.out.write(pretty_json(found));
  return 0;
}

}  // namespace bulkhead::cli
