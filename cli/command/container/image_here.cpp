#include "command/container/image_here.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "bulkhead/reference.hpp"
#include "command/image/transfer.hpp"
#include "options/platform.hpp"
#include "render/field.hpp"

namespace bulkhead::cli {

using nlohmann::json;

namespace {

// An id or a digest names an image that was here; no registry knows where it was from.
bool can_be_pulled(const std::string& image) {
  return !image.starts_with("sha256:") && !is_digest(image) && parse_reference(image).has_value();
}

bool suits(const json& built, const Platform& wanted) {
  const std::string variant = text_at(built, "variant");
  return text_at(built, "os") == wanted.os &&
         text_at(built, "architecture") == wanted.architecture &&
         (wanted.variant.empty() || variant.empty() || variant == wanted.variant);
}

// Something else that the container needs may be missing, like the image of its init.
Result<bool> is_here(Context& context, const Invocation& invocation, const std::string& image) {
  const auto asked = chosen_platform(invocation, context.environment);
  if (!asked) return fail(asked.error());
  const auto found = context.api().get(image_target(image));
  if (!found && found.error().code == Code::kNotFound) return false;
  if (!found) return fail(found.error());
  const Platform wanted = asked->value_or(host_platform());
  const json& variants = list_at(*found, "variants");
  return std::any_of(variants.begin(), variants.end(), [&wanted](const json& variant) {
    return suits(at(variant, "platform"), wanted);
  });
}

Status pull(Context& context, const Invocation& invocation, const json& request) {
  const auto pulled =
      transfer(context, "/v1/images/pull", request, progress_style(context, invocation));
  if (!pulled) return fail(pulled.error());
  return {};
}

Result<json> create(Context& context, const json& request) {
  return context.api().post("/v1/containers", request);
}

}  // namespace

Result<json> create_with_image(Context& context, const Invocation& invocation,
                               const json& request) {
  const std::string& image = invocation.arguments().front();
  const std::string when = invocation.value_or_default("pull");
  const auto wanted = pull_request(invocation, image, context.environment);
  if (!wanted) return fail(wanted.error());
  if (when == "always") {
    if (!can_be_pulled(image))
      return usage("--pull always needs a name, and " + image + " is none");
    if (auto pulled = pull(context, invocation, *wanted); !pulled) {
      return fail(std::move(pulled.error()));
    }
    return create(context, request);
  }
  auto created = create(context, request);
  if (created || created.error().code != Code::kNotFound) return created;
  if (when == "never" || !can_be_pulled(image)) return created;
  const auto here = is_here(context, invocation, image);
  if (!here) return fail(here.error());
  if (*here) return created;
  if (auto pulled = pull(context, invocation, *wanted); !pulled) {
    return fail(
        std::move(pulled.error()).context(created.error().message + ", and can't be pulled"));
  }
  return create(context, request);
}

}  // namespace bulkhead::cli
