#include "collection.hpp"

#include <unistd.h>

#include <algorithm>
#include <map>

#include "containers.hpp"
#include "image.hpp"
#include "reference_table.hpp"
#include "volumes.hpp"

namespace bulkhead::storage {
namespace {

std::vector<Digest> list_disks(const Store& store) {
  std::vector<Digest> manifests;
  std::error_code error;
  for (std::filesystem::directory_iterator it(store.layout.disks(), error), end;
       !error && it != end; it.increment(error)) {
    if (it->path().extension() != ".ext4") continue;
    if (Result<Digest> digest = Digest::from_hex(it->path().stem().string()))
      manifests.push_back(std::move(*digest));
  }
  std::sort(manifests.begin(), manifests.end());
  return manifests;
}

// Everything below these roots. A root whose documents can't be read keeps itself: to remove what
// one doesn't understand is worse than to keep it.
std::set<Digest> mark(const Store& store, const std::set<Digest>& roots) {
  std::set<Digest> reached = roots;
  for (const Digest& root : roots) {
    if (const Result<Image> image = Image::read(store.content, root, store.limits)) {
      reached.insert(image->content.begin(), image->content.end());
    }
  }
  return reached;
}

class Collector {
 public:
  Collector(Store& store, const Alive& alive, bool dry_run)
      : store_(store), alive_(alive), dry_run_(dry_run) {}

  Result<Json> run() {
    const std::lock_guard lock(store_.commit);
    if (Status swept = sweep_names(); !swept) return tl::unexpected(std::move(swept.error()));
    if (!alive_.incoming) reclaimed_ += store_.incoming.sweep(store_.content.pinned(), dry_run_);
    sweep_content();
    sweep_containers();
    sweep_volumes();
    return Json{{"reclaimed", reclaimed_},
                {"blobs", blobs_},
                {"containers", containers_},
                {"volumes", volumes_}};
  }

 private:
  // Names go first: a crash in between leaves content that nothing names, which the next collection
  // finds.
  Status sweep_names() {
    Result<ReferenceTable> table = ReferenceTable::load(store_.layout, store_.limits);
    if (!table) return tl::unexpected(std::move(table.error()));
    const std::set<Digest> pinned = store_.content.pinned();
    std::vector<std::string> dead;
    for (const ReferenceTable::Entry& entry : table->entries()) {
      if (!entry.reference.empty() && !named(entry) && !pinned.contains(entry.digest))
        dead.push_back(entry.reference);
    }
    for (const std::string& reference : dead) table->remove(reference);
    roots_ = alive_.images;
    for (const auto& [reference, digest] : alive_.references) roots_.insert(digest);
    roots_.insert(pinned.begin(), pinned.end());
    table->retain([&](const ReferenceTable::Entry& entry) {
      return !entry.reference.empty() || roots_.contains(entry.digest);
    });
    return dry_run_ ? Status{} : table->save();
  }

  bool named(const ReferenceTable::Entry& entry) const {
    return std::any_of(
        alive_.references.begin(), alive_.references.end(), [&](const auto& reference) {
          return reference.first == entry.reference && reference.second == entry.digest;
        });
  }

  void sweep_content() {
    std::set<Digest> reached = mark(store_, roots_);
    // The disk of an image that is being pulled is made before it is an image.
    if (alive_.incoming) reached.merge(store_.incoming.list());
    for (const Digest& manifest : list_disks(store_)) {
      if (!reached.contains(manifest)) remove(store_.layout.disk(manifest));
    }
    for (const Digest& digest : store_.content.list()) {
      if (reached.contains(digest)) continue;
      remove(store_.layout.blob(digest));
      blobs_.push_back(digest.text());
    }
  }

  void sweep_containers() {
    for (const std::string& id : list_containers(store_)) {
      if (alive_.containers.contains(id)) continue;
      remove(store_.layout.container(id));
      containers_.push_back(id);
    }
  }

  void sweep_volumes() {
    if (!alive_.volumes) return;
    for (const std::string& name : list_volumes(store_)) {
      if (alive_.volumes->contains(name)) continue;
      remove(store_.layout.volume(name));
      volumes_.push_back(name);
    }
  }

  void remove(const Path& path) {
    reclaimed_ += allocated_bytes(path);
    if (!dry_run_) remove_tree(path);
  }

  Store& store_;
  const Alive& alive_;
  bool dry_run_;
  std::set<Digest> roots_;
  uint64_t reclaimed_ = 0;
  Json blobs_ = Json::array();
  Json containers_ = Json::array();
  Json volumes_ = Json::array();
};

uint64_t stored_bytes(const Store& store, const std::set<Digest>& content) {
  uint64_t bytes = 0;
  for (const Digest& digest : content) {
    bytes +=
        allocated_bytes(store.layout.blob(digest)) + allocated_bytes(store.layout.disk(digest));
  }
  return bytes;
}

}  // namespace

Result<Json> collect(Store& store, const Alive& alive, bool dry_run) {
  return Collector(store, alive, dry_run).run();
}

Result<Json> measure_usage(const Store& store) {
  const Result<ReferenceTable> table = ReferenceTable::load(store.layout, store.limits);
  if (!table) return tl::unexpected(table.error());
  std::set<Digest> roots;
  for (const ReferenceTable::Entry& entry : table->entries()) roots.insert(entry.digest);
  Json images = Json::array();
  for (const Digest& root : roots) {
    images.push_back(
        {{"digest", root.text()}, {"bytes", stored_bytes(store, mark(store, {root}))}});
  }
  uint64_t total = 0;
  for (const Digest& digest : store.content.list())
    total += allocated_bytes(store.layout.blob(digest));
  total += allocated_bytes(store.layout.incoming());
  for (const Digest& manifest : list_disks(store))
    total += allocated_bytes(store.layout.disk(manifest));
  Json containers = Json::object();
  for (const std::string& id : list_containers(store))
    containers[id] = allocated_bytes(store.layout.container(id));
  return Json{{"images", std::move(images)},
              {"imagesBytes", total},
              {"containers", std::move(containers)},
              {"volumes", measure_volumes(store)},
              {"volumeContents", measure_volume_contents(store)}};
}

Result<Json> list_all(const Store& store) {
  const Result<ReferenceTable> table = ReferenceTable::load(store.layout, store.limits);
  if (!table) return tl::unexpected(table.error());
  Json references = Json::array(), disks = Json::array();
  for (const ReferenceTable::Entry& entry : table->entries()) {
    if (!entry.reference.empty())
      references.push_back({{"reference", entry.reference}, {"digest", entry.digest.text()}});
  }
  for (const Digest& manifest : list_disks(store)) disks.push_back(manifest.text());
  return Json{{"references", std::move(references)},
              {"disks", std::move(disks)},
              {"containers", list_containers(store)},
              {"volumes", list_volumes(store)}};
}

}  // namespace bulkhead::storage
