#include "render/images.hpp"

#include <nlohmann/json.hpp>

#include "bulkhead/reference.hpp"
#include "bulkhead/size.hpp"
#include "render/field.hpp"
#include "render/table.hpp"

namespace bulkhead::cli {

using nlohmann::json;

ShortName short_name(std::string_view reference) {
  if (reference.empty()) return {"<none>", "<none>"};
  const auto parsed = parse_reference(reference);
  if (!parsed) return {std::string(reference), {}};  // shown as it is rather than not at all
  const std::string& tag = parsed->tag.empty() ? parsed->digest : parsed->tag;
  std::string name = parsed->familiar();
  return {name.substr(0, name.find_first_of(":@", name.rfind('/') + 1)), tag};
}

std::string short_digest(std::string_view digest) {
  return std::string(digest.substr(digest.find(':') + 1).substr(0, 12));
}

std::string image_table(const json& images) {
  Table table({"NAME", "TAG", "DIGEST"});
  for (const json& image : images) {
    const ShortName name = short_name(text_at(image, "configuration.name"));
    table.add(
        {name.name, name.tag, short_digest(text_at(image, "configuration.descriptor.digest"))});
  }
  return table.text();
}

std::string verbose_image_table(const json& images) {
  Table table({"NAME", "TAG", "INDEX DIGEST", "OS", "ARCH", "VARIANT", "FULL SIZE", "CREATED",
               "MANIFEST DIGEST"});
  for (const json& image : images) {
    const ShortName name = short_name(text_at(image, "configuration.name"));
    for (const json& variant : list_at(image, "variants")) {
      table.add({name.name, name.tag,
                 short_digest(text_at(image, "configuration.descriptor.digest")),
                 text_at(variant, "platform.os"), text_at(variant, "platform.architecture"),
                 text_at(variant, "platform.variant"), format_size(number_at(variant, "size")),
                 text_at(variant, "config.created"), short_digest(text_at(variant, "digest"))});
    }
  }
  return table.text();
}

}  // namespace bulkhead::cli
