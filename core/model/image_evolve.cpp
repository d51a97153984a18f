// Names and the images they mean. The invariant: a digest is in `dangling` exactly if an
// image.tagged or the loss of its last name left it without one, and no image.deleted has come
// since.
#include "model/aggregates.hpp"
#include "model/read_json.hpp"

namespace bulkhead::model {
namespace {

bool is_named(const State& state, const std::string& digest) {
  for (const auto& [reference, image] : state.images)
    if (image.digest == digest) return true;
  return false;
}

// An image that has just lost a name.
void leave_dangling(State& state, ImageState image) {
  if (is_named(state, image.digest)) return;
  image.reference.clear();
  std::string digest = image.digest;
  state.dangling.insert_or_assign(std::move(digest), std::move(image));
}

void tagged(State& state, const Event& event) {
  ImageState image;
  image.reference = read_text(event.data, "reference");
  image.image = member(event.data, "image");
  image.digest = read_text(member(image.image, "descriptor"), "digest");
  image.tagged_at_us = event.at_us;
  if (image.digest.empty()) return;
  if (image.reference.empty()) return leave_dangling(state, std::move(image));

  state.dangling.erase(image.digest);
  auto found = state.images.find(image.reference);
  if (found == state.images.end()) {
    std::string reference = image.reference;
    state.images.emplace(std::move(reference), std::move(image));
    return;
  }
  ImageState former = std::exchange(found->second, std::move(image));
  leave_dangling(state, std::move(former));
}

void untagged(State& state, const Event& event) {
  auto found = state.images.find(read_text(event.data, "reference"));
  if (found == state.images.end()) return;
  ImageState former = std::move(found->second);
  state.images.erase(found);
  leave_dangling(state, std::move(former));
}

}  // namespace

void evolve_image(State& state, const Event& event) {
  if (event.phase != Phase::kFact) return;  // intents and outcomes of images only open and close
  if (event.type == "image.tagged") tagged(state, event);
  if (event.type == "image.untagged") untagged(state, event);
  if (event.type == "image.deleted") state.dangling.erase(read_text(event.data, "digest"));
}

}  // namespace bulkhead::model
