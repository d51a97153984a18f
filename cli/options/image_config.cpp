#include "options/image_config.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "options/label.hpp"

namespace bulkhead::cli {

using nlohmann::json;

namespace {

bool is_list_of_texts(const json& value) {
  return value.is_array() &&
         std::all_of(value.begin(), value.end(), [](const json& item) { return item.is_string(); });
}

// "[\"a\", \"b\"]" -> those words; anything else -> a shell that runs it.
json command_words(std::string_view text) {
  json words = json::parse(text, nullptr, false);
  if (is_list_of_texts(words)) return words;
  return json::array({"/bin/sh", "-c", text});
}

Status add_variable(json& config, std::string_view entry, const Environment& environment) {
  EnvironmentList list(environment);
  for (const json& former : config.value("Env", json::array())) {
    if (auto ok = list.add(former.get_ref<const std::string&>()); !ok) return ok;
  }
  if (auto ok = list.add(entry); !ok) return ok;
  config["Env"] = list.entries();
  return {};
}

Status add_label(json& config, std::string_view text) {
  const auto labels = parse_labels({std::string(text)});
  if (!labels) return fail(labels.error());
  for (const auto& [key, value] : *labels) config["Labels"][key] = value;
  return {};
}

// --config must at least have the shape that everything below relies on; the service checks the
// rest.
Result<json> parse_config(const std::string& text) {
  json config = json::parse(text, nullptr, false);
  if (!config.is_object()) return usage("--config is not a JSON object");
  for (const char* key : {"Env", "Cmd", "Entrypoint"}) {
    if (config.contains(key) && !is_list_of_texts(config[key])) {
      return usage(std::string("--config: ") + key + " is not an array of strings");
    }
  }
  if (config.contains("Labels") && !config["Labels"].is_object()) {
    return usage("--config: Labels is not an object");
  }
  return config;
}

}  // namespace

Status apply_instruction(json& config, std::string_view instruction,
                         const Environment& environment) {
  const size_t blank = instruction.find_first_of(" \t");
  std::string word(instruction.substr(0, blank));
  for (char& c : word) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  const size_t begin = instruction.find_first_not_of(" \t", blank);
  if (blank == std::string_view::npos || begin == std::string_view::npos) {
    return usage("--change '" + std::string(instruction) + "' is not an instruction with a value");
  }
  const std::string value(instruction.substr(begin));
  if (word == "CMD") {
    config["Cmd"] = command_words(value);
  } else if (word == "ENTRYPOINT") {
    config["Entrypoint"] = command_words(value);
  } else if (word == "ENV") {
    return add_variable(config, value, environment);
  } else if (word == "LABEL") {
    return add_label(config, value);
  } else if (word == "WORKDIR") {
    config["WorkingDir"] = value;
  } else if (word == "USER") {
    config["User"] = value;
  } else if (word == "STOPSIGNAL") {
    config["StopSignal"] = value;
  } else {
    return usage("--change: '" + word +
                 "' is none of CMD, ENTRYPOINT, ENV, LABEL, WORKDIR, USER, STOPSIGNAL");
  }
  return {};
}

Result<json> image_config(const Invocation& invocation, const Environment& environment) {
  json config = json::object();
  if (const auto text = invocation.value("config")) {
    auto parsed = parse_config(*text);
    if (!parsed) return parsed;
    config = std::move(*parsed);
  }
  for (const std::string& instruction : invocation.values("change")) {
    if (auto ok = apply_instruction(config, instruction, environment); !ok) {
      return fail(std::move(ok.error()));
    }
  }
  if (const auto text = invocation.value("cmd")) config["Cmd"] = command_words(*text);
  if (const auto text = invocation.value("entrypoint")) config["Entrypoint"] = command_words(*text);
  if (const auto text = invocation.value("workdir")) config["WorkingDir"] = *text;
  if (const auto text = invocation.value("user")) config["User"] = *text;
  if (const auto text = invocation.value("stop-signal")) config["StopSignal"] = *text;
  for (const std::string& entry : invocation.values("env")) {
    if (auto ok = add_variable(config, entry, environment); !ok) return fail(std::move(ok.error()));
  }
  for (const std::string& label : invocation.values("label")) {
    if (auto ok = add_label(config, label); !ok) return fail(std::move(ok.error()));
  }
  return config;
}

}  // namespace bulkhead::cli
