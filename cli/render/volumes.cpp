#include "render/volumes.hpp"

#include <nlohmann/json.hpp>

#include "render/field.hpp"
#include "render/table.hpp"

namespace bulkhead::cli {

namespace {

// Who has made it without a name has labelled it so.
constexpr const char* kAnonymous = "com.apple.container.resource.anonymous";

bool is_anonymous(const nlohmann::json& volume) {
  return volume
      .value(nlohmann::json::json_pointer("/configuration/labels"), nlohmann::json::object())
      .contains(kAnonymous);
}

std::string options_text(const nlohmann::json& volume) {
  std::string text;
  const auto options = volume.value(nlohmann::json::json_pointer("/configuration/options"),
                                    nlohmann::json::object());
  for (const auto& [key, value] : options.items()) {
    text +=
        (text.empty() ? "" : ",") + key + "=" + (value.is_string() ? value.get<std::string>() : "");
  }
  return text;
}

}  // namespace

std::string volume_table(const nlohmann::json& volumes) {
  Table table({"NAME", "TYPE", "DRIVER", "OPTIONS"});
  for (const auto& volume : volumes) {
    table.add({text_at(volume, "id"), is_anonymous(volume) ? "anonymous" : "named",
               text_at(volume, "configuration.driver"), options_text(volume)});
  }
  return table.text();
}

}  // namespace bulkhead::cli
