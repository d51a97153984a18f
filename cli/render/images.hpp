// Images as rows: NAME  TAG  DIGEST, or with every variant of every image in the verbose table.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

namespace bulkhead::cli {

// "docker.io/library/web:1.2" -> {"web", "1.2"}: what people type. A nameless image is {"<none>",
// "<none>"}.
struct ShortName {
  std::string name;
  std::string tag;
  std::string text() const { return tag.empty() ? name : name + ":" + tag; }
};
ShortName short_name(std::string_view reference);

// The first 12 hex digits of "sha256:<hex>".
std::string short_digest(std::string_view digest);

std::string image_table(const nlohmann::json& images);
std::string verbose_image_table(const nlohmann::json& images);

}  // namespace bulkhead::cli
