#include "commit.hpp"

#include <unistd.h>

#include "reference_table.hpp"

namespace bulkhead::storage {
namespace {

// Files that become blobs, together.
class Publication {
 public:
  explicit Publication(const Store& store) : store_(store) {}

  // Synced first and renamed then: a crash in between leaves what was there before.
  Status publish(const std::map<Digest, Path>& files) {
    for (const auto& [digest, path] : files) {
      if (store_.content.has(digest)) continue;
      Result<UniqueFd> fd = open_for_reading(path);
      if (!fd) return tl::unexpected(std::move(fd.error()));
      if (Status synced = sync_file(fd->get(), path.string()); !synced) return synced;
    }
    for (const auto& [digest, path] : files) {
      if (store_.content.has(digest)) continue;
      const Path blob = store_.layout.blob(digest);
      if (Status renamed = rename_file(path, blob); !renamed) return renamed;
      moved_.emplace_back(blob, path);
    }
    return sync_directory(store_.layout.blobs());
  }

  void retract() {
    for (const auto& [blob, path] : moved_) ::rename(blob.c_str(), path.c_str());
  }

 private:
  const Store& store_;
  std::vector<std::pair<Path, Path>> moved_;
};

Status name_images(const Store& store, const std::vector<NewImage>& images) {
  Result<ReferenceTable> table = ReferenceTable::load(store.layout, store.limits);
  if (!table) return tl::unexpected(std::move(table.error()));
  for (const NewImage& added : images) {
    if (added.references.empty()) table->set({}, added.image.descriptor);
    for (const std::string& reference : added.references)
      table->set(reference, added.image.descriptor);
  }
  return table->save();
}

}  // namespace

Status commit_images(Store& store, const std::map<Digest, Path>& files,
                     const std::vector<NewImage>& images, std::vector<NewDisk>& disks) {
  const std::lock_guard lock(store.commit);
  std::map<Digest, Path> needed;
  for (const NewImage& added : images) {
    for (const Digest& digest : added.image.content) {
      if (const auto file = files.find(digest); file != files.end()) needed.insert(*file);
    }
  }
  Publication publication(store);
  std::vector<Path> made;
  Status done;
  for (NewDisk& disk : disks) {
    if (!done) break;
    made.push_back(store.layout.disk(disk.manifest));
    done = disk.disk.commit(made.back());
  }
  // Names last: who finds a name finds everything behind it.
  if (done) done = publication.publish(needed);
  if (done) done = name_images(store, images);
  if (!done) {
    publication.retract();
    for (const Path& path : made) ::unlink(path.c_str());
  }
  return done;
}

Json image_list(const std::vector<NewImage>& images) {
  Json list = Json::array();
  for (const NewImage& added : images) {
    if (added.references.empty()) list.push_back(added.image.to_json());
    for (const std::string& reference : added.references)
      list.push_back(added.image.to_json(reference));
  }
  return list;
}

}  // namespace bulkhead::storage
