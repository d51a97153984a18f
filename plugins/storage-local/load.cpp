#include "load.hpp"

#include <algorithm>

#include "archive_intake.hpp"
#include "bulkhead/printable.hpp"
#include "commit.hpp"
#include "image_archive.hpp"
#include "variant_disk.hpp"

namespace bulkhead::storage {
namespace {

class Loader {
 public:
  Loader(Store& store, const LoadOptions& options, const Task& task)
      : store_(store),
        options_(options),
        task_(task),
        ingest_(store.content, store.layout, store.limits, task) {}

  Result<Json> load(int fd) {
    Result<ArchiveContents> contents =
        take_archive(fd, ingest_, {options_.force}, store_.limits, task_);
    if (!contents) return tl::unexpected(std::move(contents.error()));
    Result<ArchivedImages> found =
        read_image_archive(*contents, ingest_, options_.label, store_.limits);
    if (!found) return tl::unexpected(std::move(found.error()));
    skipped_ = std::move(contents->skipped);
    skipped_.insert(skipped_.end(), found->notes.begin(), found->notes.end());
    for (NamedImage& named : found->images) {
      if (Status added = add(std::move(named)); !added)
        return tl::unexpected(std::move(added.error()));
    }
    if (Status committed = commit_images(store_, ingest_.received(), images_, disks_); !committed) {
      return tl::unexpected(std::move(committed.error()));
    }
    return Json{{"images", image_list(images_)}, {"skipped", skipped_}};
  }

 private:
  Status add(NamedImage named) {
    const std::string name =
        named.references.empty() ? named.digest.brief() : named.references.front();
    if (!ingest_.has(named.digest)) {
      return fail(Code::kCorrupt,
                  "image " + name + ": the archive lacks its manifest " + named.digest.brief());
    }
    Result<Image> image = Image::read(ingest_, named.digest, store_.limits);
    if (!image) return fail(std::move(image.error()).context("image " + name));
    if (image->variants.empty()) {
      return fail(Code::kCorrupt, "image " + name +
                                      (image->missing.empty()
                                           ? " is of a kind that can't be run"
                                           : ": the archive lacks its " + image->missing.front()));
    }
    // A plain failure to match isn't one of loading: other platforms' images may be kept and saved
    // again.
    if (const Result<const Variant*> variant = image->choose(store_.host, name)) {
      if (Status unpacked = unpack(**variant); !unpacked)
        return fail(std::move(unpacked.error()).context("image " + name));
    }
    // The answer and the journal tell of each name with its image's configs.
    told_bytes_ += image->config_bytes * std::max<size_t>(1, named.references.size());
    if (told_bytes_ > store_.limits.told_bytes) {
      return fail(Code::kCorrupt, "image " + name + " has too many names for configs of " +
                                      std::to_string(image->config_bytes) + " bytes");
    }
    images_.push_back({std::move(*image), std::move(named.references)});
    return {};
  }

  Status unpack(const Variant& variant) {
    if (has_disk(store_, variant)) return {};
    for (const NewDisk& disk : disks_) {
      if (disk.manifest == variant.manifest.digest) return {};
    }
    Result<ImageDisk> disk = unpack_variant(store_, from(ingest_), variant, options_.force, task_);
    if (!disk) return tl::unexpected(std::move(disk.error()));
    skipped_.insert(skipped_.end(), disk->skipped().begin(), disk->skipped().end());
    disks_.push_back({std::move(*disk), variant.manifest.digest});
    return {};
  }

  Store& store_;
  const LoadOptions& options_;
  const Task& task_;
  Ingest ingest_;
  std::vector<NewImage> images_;
  std::vector<NewDisk> disks_;
  std::vector<std::string> skipped_;
  uint64_t told_bytes_ = 0;
};

}  // namespace

Result<Json> load_archive(Store& store, int fd, const LoadOptions& options, const Task& task) {
  Result<Json> loaded = Loader(store, options, task).load(fd);
  if (loaded) return loaded;
  return fail(std::move(loaded.error()).context("load " + in_quotes(options.label)));
}

}  // namespace bulkhead::storage
