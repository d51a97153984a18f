#include "containers.hpp"

#include <unistd.h>

#include <algorithm>

#include "bulkhead/printable.hpp"
#include "image.hpp"
#include "variant_disk.hpp"
#include "writable_disk.hpp"

namespace bulkhead::storage {
namespace {

constexpr size_t kLongestId = 128;

Path writable_path(const Store& store, const std::string& id) {
  return store.layout.container(id) / "writable.ext4";
}

bool is_id_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
         c == '_' || c == '-';
}

}  // namespace

Result<std::string> container_id(const Json& request) {
  Result<std::string> id = string_at(request, "container");
  if (!id) return id;
  const bool plain = std::all_of(id->begin(), id->end(), is_id_character);
  if (plain && id->size() <= kLongestId && id->find_first_not_of('.') != std::string::npos &&
      !id->ends_with(".tmp"))
    return id;
  return fail(Code::kInvalid, in_quotes(*id) + " can't be a container's id");
}

Result<Json> prepare_image(Store& store, const Digest& digest, const Platform& platform,
                           const Task& task) {
  ContentStore::Pin pin(store.content);
  pin.add(digest);
  Result<Image> image = Image::read(store.content, digest, store.limits);
  if (!image) return fail(std::move(image.error()).context("image " + digest.brief()));
  for (const Digest& needed : image->content) pin.add(needed);
  Result<const Variant*> variant = image->choose(platform, digest.brief());
  if (!variant) return tl::unexpected(std::move(variant.error()));
  Result<Path> disk = ensure_disk(store, from(store.content), **variant, task);
  if (!disk) return fail(std::move(disk.error()).context("unpack image " + digest.brief()));
  return Json{{"manifest", (*variant)->manifest.digest.text()},
              {"disk", disk->string()},
              {"config", (*variant)->config.document},
              {"diskBytes", allocated_bytes(*disk)}};
}

Result<Json> create_container(Store& store, const ContainerRequest& request, const Task& task) {
  Result<Json> prepared = prepare_image(store, request.image, request.platform, task);
  if (!prepared) return prepared;
  const Path writable = writable_path(store, request.id);
  if (::access(writable.c_str(), F_OK) != 0) {
    Status made = make_directories(writable.parent_path());
    if (made) made = make_writable_disk(store.layout, request.writable_bytes, writable);
    if (!made) {
      remove_tree(writable.parent_path());
      return fail(std::move(made.error()).context("container " + request.id));
    }
  }
  return Json{{"manifest", (*prepared)["manifest"]},
              {"imageDisk", (*prepared)["disk"]},
              {"writableDisk", writable.string()},
              {"config", (*prepared)["config"]}};
}

uint64_t delete_container(Store& store, const std::string& id) {
  return remove_tree(store.layout.container(id));
}

Json inspect_container(const Store& store, const std::string& id) {
  const Path writable = writable_path(store, id);
  if (::access(writable.c_str(), F_OK) != 0) return Json{{"exists", false}};
  return Json{{"exists", true},
              {"writableDisk", writable.string()},
              {"allocated", allocated_bytes(writable)}};
}

std::vector<std::string> list_containers(const Store& store) {
  std::vector<std::string> ids;
  std::error_code error;
  for (std::filesystem::directory_iterator it(store.layout.containers(), error), end;
       !error && it != end; it.increment(error)) {
    ids.push_back(it->path().filename().string());
  }
  std::sort(ids.begin(), ids.end());
  return ids;
}

}  // namespace bulkhead::storage
