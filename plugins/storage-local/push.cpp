#include "push.hpp"

#include <algorithm>

#include "image.hpp"
#include "plan.hpp"

namespace bulkhead::storage {
namespace {

// ... and those that name others behind the others.
void put_documents_last(std::vector<Piece>& pieces) {
  const auto blobs = std::find_if(pieces.begin(), pieces.end(), [](const Piece& piece) {
    return piece.kind != Piece::Kind::kDocument;
  });
  std::reverse(pieces.begin(), blobs);
  std::rotate(pieces.begin(), blobs, pieces.end());
}

Result<Descriptor> root_of(const Store& store, const Digest& digest,
                           const std::optional<Platform>& platform) {
  if (!platform) return describe(store.content, digest, store.limits);
  const Result<Image> image = Image::read(store.content, digest, store.limits);
  if (!image) return tl::unexpected(image.error());
  const Result<const Variant*> variant = image->choose(*platform, digest.brief());
  if (!variant) return tl::unexpected(variant.error());
  return describe(store.content, (*variant)->manifest.digest, store.limits);
}

}  // namespace

Result<Json> list_contents(Store& store, const Digest& digest,
                           const std::optional<Platform>& platform) {
  const Result<Descriptor> root = root_of(store, digest, platform);
  if (!root) return tl::unexpected(root.error());
  Result<Plan> plan = Plan::make(store.content, *root, {}, store.host, store.limits);
  if (!plan) return tl::unexpected(std::move(plan.error()));
  put_documents_last(plan->pieces);
  Json contents = Json::array();
  for (const Piece& piece : plan->pieces) {
    if (!store.content.has(piece.content.digest)) {
      return fail(Code::kNotFound,
                  "image " + digest.brief() + ": " + piece.what + " (" +
                      piece.content.digest.brief() + ") isn't here",
                  "name one platform whose content is here");
    }
    contents.push_back(piece.to_json());
  }
  return Json{{"root", root->to_json()}, {"contents", std::move(contents)}};
}

Result<OpenContent> open_content(const Store& store, const Digest& digest) {
  const std::optional<Path> path = store.content.find(digest);
  if (!path) return fail(Code::kNotFound, "there is no content " + digest.brief());
  Result<UniqueFd> fd = open_for_reading(*path);
  if (!fd) return tl::unexpected(std::move(fd.error()));
  return OpenContent{std::move(*fd), size_of_file(*path)};
}

}  // namespace bulkhead::storage
