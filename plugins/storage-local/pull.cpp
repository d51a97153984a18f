#include "pull.hpp"

#include <unistd.h>

#include "arriving_source.hpp"
#include "commit.hpp"
#include "outline.hpp"
#include "plan.hpp"
#include "variant_disk.hpp"

namespace bulkhead::storage {
namespace {

// All of it is pinned, whether it is here yet or not.
Result<Variant> variant_of(const Store& store, const Digest& manifest, ContentStore::Pin& pin) {
  pin.add(manifest);
  const Result<Descriptor> descriptor = describe(store.incoming, manifest, store.limits);
  if (!descriptor) return tl::unexpected(descriptor.error());
  Result<Outline> outline = Outline::read(store.incoming, *descriptor, store.limits);
  if (!outline) return tl::unexpected(std::move(outline.error()));
  if (!outline->indexes.empty()) return fail(Code::kInvalid, "it is an index");
  Outline::Branch& branch = outline->branches.front();
  if (branch.is_known_not_to_run())
    return fail(Code::kUnsupported, "it is of a kind that can't be run");
  if (!branch.config) return fail(Code::kNotFound, "its config isn't here");
  pin.add(branch.document->config.digest);
  for (const Descriptor& layer : branch.document->layers) pin.add(layer.digest);
  return Variant{*branch.platform(), branch.manifest, std::move(*branch.config),
                 std::move(branch.document->layers), 0};
}

// Wherever they are by then: another pull may move them into the store meanwhile.
OpenLayer from_arriving(const Incoming& incoming) {
  return [&incoming](const Digest& layer) -> Result<LayerSource::Open> {
    return [&incoming, layer](const Task& task) -> Result<std::unique_ptr<EncodedSource>> {
      return std::make_unique<ArrivingSource>(incoming, layer, task);
    };
  };
}

class Admission {
 public:
  Admission(Store& store, const AdmitRequest& request, const Task& task)
      : store_(store), request_(request), task_(task), pin_(store.content) {}

  Result<Json> run() {
    if (Status here = check_pieces(); !here) return tl::unexpected(std::move(here.error()));
    Result<Image> image = Image::read(store_.incoming, request_.root.digest, store_.limits);
    if (!image) return tl::unexpected(std::move(image.error()));
    if (image->variants.empty())
      return fail(Code::kUnsupported, "it is of a kind that can't be run");
    if (const Result<const Variant*> variant = image->choose(store_.host, "")) {
      const Result<Path> disk =
          ensure_disk(store_, from_arriving(store_.incoming), **variant, task_);
      if (!disk) return tl::unexpected(disk.error());
    }
    return commit(std::move(*image));
  }

 private:
  // Nothing that it finds may be collected meanwhile: pinned first, looked for then.
  Status check_pieces() {
    pin_.add(request_.root.digest);
    const Result<Plan> plan =
        Plan::make(store_.incoming, request_.root, request_.platform, store_.host, store_.limits);
    if (!plan) return tl::unexpected(plan.error());
    for (const Piece& piece : plan->pieces) {
      pin_.add(piece.content.digest);
      if (!store_.incoming.has(piece.content.digest)) {
        return fail(Code::kRetry,
                    piece.what + " (" + piece.content.digest.brief() + ") isn't here any more");
      }
    }
    return {};
  }

  Result<Json> commit(Image image) {
    std::map<Digest, Path> files;
    for (const Digest& digest : image.content) {
      Path path = store_.layout.incoming(digest);
      if (::access(path.c_str(), R_OK) == 0) files.emplace(digest, std::move(path));
    }
    std::vector<NewImage> images;
    images.push_back({std::move(image), {request_.reference}});
    std::vector<NewDisk> disks;
    if (Status committed = commit_images(store_, files, images, disks); !committed)
      return tl::unexpected(std::move(committed.error()));
    // Those that the store had got another way.
    for (const auto& [digest, path] : files) ::unlink(path.c_str());
    return Json{{"image", image_list(images).front()}};
  }

  Store& store_;
  const AdmitRequest& request_;
  const Task& task_;
  ContentStore::Pin pin_;
};

}  // namespace

Result<Json> unpack_arriving(Store& store, const Digest& manifest, const Task& task) {
  const auto of_image = [&](Error error) {
    return fail(std::move(error).context("unpack image " + manifest.brief()));
  };
  ContentStore::Pin pin(store.content);
  const Result<Variant> variant = variant_of(store, manifest, pin);
  if (!variant) return of_image(variant.error());
  const Result<Path> disk = ensure_disk(store, from_arriving(store.incoming), *variant, task);
  if (!disk) return of_image(disk.error());
  return Json{{"manifest", manifest.text()}, {"diskBytes", allocated_bytes(*disk)}};
}

Result<Json> admit_image(Store& store, const AdmitRequest& request, const Task& task) {
  Result<Json> admitted = Admission(store, request, task).run();
  if (admitted) return admitted;
  return fail(std::move(admitted.error()).context("image " + request.reference));
}

}  // namespace bulkhead::storage
