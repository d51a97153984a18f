// Images by what users type: a reference, a digest, or the beginning of one.
#include <map>

#include "bulkhead/reference.hpp"
#include "model/image_decide.hpp"
#include "model/property_decide.hpp"
#include "model/read_json.hpp"
#include "model/views.hpp"

namespace bulkhead::model {
namespace {

constexpr std::size_t kMinimumPrefix = 4;
constexpr std::string_view kAlgorithm = "sha256:";

bool is_hex(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

bool digest_begins(const std::string& digest, std::string_view hex) {
  std::string_view text = digest;
  if (text.starts_with(kAlgorithm)) text.remove_prefix(kAlgorithm.size());
  return text.starts_with(hex);
}

// True if the image or one of its variants has a digest that begins so.
bool image_begins(const ImageState& image, std::string_view hex) {
  if (digest_begins(image.digest, hex)) return true;
  const Json& variants = member(image.image, "variants");
  if (variants.is_array())
    for (const Json& variant : variants)
      if (digest_begins(read_text(variant, "digest"), hex)) return true;
  return false;
}

Result<const ImageState*> by_digest(const State& state, std::string_view hex,
                                    std::string_view typed) {
  std::map<std::string, const ImageState*> matches;  // by digest: several names are one image
  for (const auto* images : {&state.dangling, &state.images})
    for (const auto& [key, image] : *images)
      if (image_begins(image, hex)) matches.emplace(image.digest, &image);
  if (matches.empty())
    return fail(Code::kNotFound, "image not found: " + std::string(typed),
                "`container image list` shows those that exist");
  if (matches.size() == 1) return matches.begin()->second;
  std::string list;
  for (const auto& [digest, image] : matches) list += (list.empty() ? "" : ", ") + digest;
  return fail(Code::kConflict, std::string(typed) + " is the beginning of several digests: " + list,
              "give more of its digits");
}

}  // namespace

Result<std::string> normalise_reference(const State& state, const std::string& text) {
  auto reference =
      parse_reference(text, property_value(state, "registry.domain").value_or("docker.io"));
  if (!reference) return fail(std::move(reference.error()));
  return reference->text();
}

Result<const ImageState*> find_image(const State& state, std::string_view ref) {
  if (ref.starts_with(kAlgorithm) && is_hex(ref.substr(kAlgorithm.size())))
    return by_digest(state, ref.substr(kAlgorithm.size()), ref);
  auto reference = normalise_reference(state, std::string(ref));
  if (reference) {
    if (auto found = state.images.find(*reference); found != state.images.end())
      return &found->second;
    // name@digest: the name must be one of the image's, or the digest alone decides.
    if (size_t at = reference->find('@'); at != std::string::npos)
      return by_digest(state, std::string_view(*reference).substr(at + 1 + kAlgorithm.size()), ref);
  }
  if (is_hex(ref) && ref.size() >= kMinimumPrefix) return by_digest(state, ref, ref);
  if (!reference) return fail(std::move(reference.error()));
  return fail(Code::kNotFound, "image not found: " + std::string(ref),
              "`container image list` shows those that exist");
}

std::vector<std::string> users_of_image(const State& state, const std::string& digest) {
  std::vector<std::string> ids;
  for (const auto& [id, container] : state.containers)
    if (container.uses_image(digest)) ids.push_back(id);
  return ids;
}

}  // namespace bulkhead::model
