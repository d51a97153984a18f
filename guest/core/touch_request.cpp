#include "guest/core/touch_request.hpp"

#include "guest/core/json_fields.hpp"

namespace bulkhead::guest {

Result<std::vector<std::string>> parse_touch(std::string_view text) {
  auto json = parse_json(text, "touch request");
  if (!json) return fail(std::move(json.error()));
  std::vector<std::string> paths;
  JsonFields fields(*json, "touch request");
  if (!fields.has("paths")) fields.complain("paths", "an array of strings");
  fields.texts("paths", paths);
  if (auto status = fields.status(); !status) return fail(std::move(status.error()));
  if (paths.size() > kMostTouched)
    return fail(Code::kInvalid, "touch request.paths must be at most 1024; ask again for the rest");
  for (const std::string& path : paths) {
    if (!path.starts_with('/'))
      return fail(Code::kInvalid, "touch request: \"" + path + "\" is not an absolute path");
  }
  return paths;
}

}  // namespace bulkhead::guest
