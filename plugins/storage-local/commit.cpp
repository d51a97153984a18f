#include "commit.hpp"

#include <unistd.h>

#include "reference_table.hpp"

namespace bulkhead::storage {
namespace {

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

Status commit_images(Store& store, Ingest& ingest, const std::vector<NewImage>& images,
                     std::vector<NewDisk>& disks) {
  const std::lock_guard lock(store.commit);
  std::set<Digest> content;
  for (const NewImage& added : images)
    content.insert(added.image.content.begin(), added.image.content.end());
  std::vector<Path> made;
  Status done;
  for (NewDisk& disk : disks) {
    if (!done) break;
    made.push_back(store.layout.disk(disk.manifest));
    done = disk.disk.commit(made.back());
  }
  // Names last: who finds a name finds everything behind it.
  if (done) done = ingest.publish(content);
  if (done) done = name_images(store, images);
  if (!done) {
    ingest.retract();
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
