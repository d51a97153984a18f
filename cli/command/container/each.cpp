#include "command/container/each.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "render/field.hpp"
#include "render/table.hpp"

namespace bulkhead::cli {

using nlohmann::json;

namespace {

// More would only queue in the service.
constexpr size_t kAtOnce = 32;

bool is_prefix_of_another(const std::string& word, const std::vector<std::string>& words) {
  return std::any_of(words.begin(), words.end(), [&](const std::string& other) {
    return other.size() > word.size() && other.starts_with(word);
  });
}

// Two words can only mean one container if one of them begins with the other, so the list is asked
// for nothing else. What isn't a unique prefix stays as it is, for the service to judge.
Result<std::vector<std::string>> merged(Context& context, std::vector<std::string> words) {
  words = without_repetition(words);
  const auto doubtful = [&](const std::string& word) { return is_prefix_of_another(word, words); };
  if (std::none_of(words.begin(), words.end(), doubtful)) return words;
  const auto ids = list_containers(context, [](const std::string&) { return true; });
  if (!ids) return fail(ids.error());
  for (std::string& word : words) {
    if (std::find(ids->begin(), ids->end(), word) != ids->end()) continue;
    const auto begins = [&](const std::string& id) { return id.starts_with(word); };
    const auto first = std::find_if(ids->begin(), ids->end(), begins);
    if (std::count_if(ids->begin(), ids->end(), begins) == 1) word = *first;
  }
  return without_repetition(words);
}

bool has_changed_since(const Error& error) {
  return error.code == Code::kConflict || error.code == Code::kNotFound;
}

}  // namespace

Result<int> for_each_container(Context& context, const Invocation& invocation,
                               const std::vector<std::string>& ids, const RequestFor& request_for) {
  const bool listed = invocation.has("all");
  Api api = context.api();
  int status = 0;
  for (size_t first = 0; first < ids.size(); first += kAtOnce) {
    const size_t last = std::min(ids.size(), first + kAtOnce);
    std::vector<Result<Exchange>> under_way;
    for (size_t i = first; i < last; ++i) under_way.push_back(api.begin(request_for(ids[i])));
    for (size_t i = first; i < last; ++i) {
      auto& exchange = under_way[i - first];
      const auto answer =
          exchange ? api.finish(*exchange) : Result<json>(fail(std::move(exchange.error())));
      if (answer) {
        context.out.line(answered_id(*answer, ids[i]));
      } else if (!listed || !has_changed_since(answer.error())) {
        tell_error(context, answer.error());
        status = 1;
      }
    }
  }
  return status;
}

std::vector<std::string> without_repetition(const std::vector<std::string>& words) {
  std::vector<std::string> once;
  for (const std::string& word : words) {
    if (std::find(once.begin(), once.end(), word) == once.end()) once.push_back(word);
  }
  return once;
}

Result<std::vector<std::string>> named_containers(
    Context& context, const Invocation& invocation,
    const std::function<Result<std::vector<std::string>>()>& all) {
  const bool everything = invocation.has("all");
  if (everything && !invocation.arguments().empty()) {
    return usage("container ids conflict with --all: name containers or take all of them");
  }
  if (everything) return all();
  if (invocation.arguments().empty()) {
    return usage("no container is named: give at least one id, or --all");
  }
  return merged(context, invocation.arguments());
}

std::string answered_id(const json& answer, const std::string& typed) {
  std::string id = text_at(answer, "id");
  return id.empty() ? typed : id;
}

Result<std::vector<std::string>> list_containers(
    Context& context, const std::function<bool(const std::string& state)>& wanted) {
  const auto containers = context.api().get("/v1/containers?all=1");
  if (!containers) return fail(containers.error());
  std::vector<std::string> ids;
  for (const json& container : *containers) {
    if (wanted(text_at(container, "status.state"))) ids.push_back(text_at(container, "id"));
  }
  return ids;
}

json signal_of(const std::string& text) {
  const bool number =
      !text.empty() && text.size() < 4 && text.find_first_not_of("0123456789") == std::string::npos;
  return number ? json(std::stoi(text)) : json(text);
}

std::string body_of(const json& tree) {
  return tree.dump(-1, ' ', false, json::error_handler_t::replace);
}

void tell_error(Context& context, const Error& error) {
  context.err.line("Error: " + printable(error.message));
  if (!error.hint.empty()) context.err.line(printable(error.hint));
}

}  // namespace bulkhead::cli
