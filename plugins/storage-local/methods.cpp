#include "methods.hpp"

#include <ctime>

#include "bulkhead/reference.hpp"
#include "collection.hpp"
#include "containers.hpp"
#include "image.hpp"
#include "import.hpp"
#include "load.hpp"
#include "plan.hpp"
#include "pull.hpp"
#include "push.hpp"
#include "receive.hpp"
#include "reference_table.hpp"
#include "save.hpp"
#include "volumes.hpp"
#include "writable_disk.hpp"

namespace bulkhead::storage {
namespace {

const Json& member(const Json& object, const char* key) {
  static const Json kNothing;
  const auto found = object.find(key);
  return found == object.end() ? kNothing : *found;
}

Result<int> descriptor_of(const Call& call) {
  if (call.fds.empty()) return fail(Code::kInvalid, "the request came without its file descriptor");
  return call.fds.front().get();
}

Result<Digest> digest_of(const Json& object) {
  Result<std::string> text = string_at(object, "digest");
  if (!text) return tl::unexpected(std::move(text.error()));
  Result<Digest> digest = Digest::parse(*text);
  if (!digest) return fail(Code::kInvalid, std::move(digest.error().message));
  return digest;
}

Result<std::string> reference_of(const Json& object) {
  const Result<std::string> text = string_at(object, "reference");
  if (!text) return text;
  const Result<Reference> reference = parse_reference(*text);
  if (!reference) return tl::unexpected(reference.error());
  return reference->text();
}

Result<std::optional<Platform>> platform_if_any(const Json& object) {
  if (!object.contains("platform")) return std::nullopt;
  Result<Platform> platform = Platform::from_json(object["platform"]);
  if (!platform) return tl::unexpected(std::move(platform.error()));
  return std::move(*platform);
}

Result<Descriptor> described(const Json& object, const char* key) {
  Result<Descriptor> descriptor = Descriptor::from_json(member(object, key));
  if (!descriptor) return fail(Code::kInvalid, std::move(descriptor.error().message));
  return descriptor;
}

std::string now() {
  const std::time_t seconds = std::time(nullptr);
  std::tm utc{};
  ::gmtime_r(&seconds, &utc);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &utc);
  return text;
}

Result<Json> load(Store& store, const Call& call) {
  const Result<int> fd = descriptor_of(call);
  if (!fd) return tl::unexpected(fd.error());
  return load_archive(
      store, *fd, {string_or(call.body, "label", "archive"), bool_or(call.body, "force", false)},
      call.task);
}

Result<Json> import(Store& store, const Call& call) {
  const Result<int> fd = descriptor_of(call);
  if (!fd) return tl::unexpected(fd.error());
  Result<Platform> platform = Platform::from_json(member(call.body, "platform"));
  if (!platform) return tl::unexpected(std::move(platform.error()));
  return import_root(
      store, *fd,
      {string_or(call.body, "reference", ""), std::move(*platform), member(call.body, "config"),
       string_or(call.body, "message", ""), string_or(call.body, "label", "archive"), now()},
      call.task);
}

Result<Json> save(Store& store, const Call& call) {
  const Result<int> fd = descriptor_of(call);
  if (!fd) return tl::unexpected(fd.error());
  if (const std::string format = string_or(call.body, "format", "oci"); format != "oci") {
    return fail(Code::kUnsupported, "images are saved as \"oci\", which docker load reads too; \"" +
                                        format + "\" isn't known");
  }
  const Result<std::optional<Platform>> platform = platform_if_any(call.body);
  if (!platform) return tl::unexpected(platform.error());
  std::vector<SavedImage> images;
  for (const Json& item : member(call.body, "images")) {
    Result<Digest> digest = digest_of(item);
    if (!digest) return tl::unexpected(std::move(digest.error()));
    images.push_back({string_or(item, "reference", ""), std::move(*digest)});
  }
  if (images.empty()) return fail(Code::kInvalid, "no image to save");
  const Result<uint64_t> bytes = save_images(store, images, *platform, *fd, call.task);
  if (!bytes) return tl::unexpected(bytes.error());
  return Json{{"bytes", *bytes}};
}

Result<Json> tag(Store& store, const Call& call) {
  const Result<std::string> reference = reference_of(call.body);
  if (!reference) return tl::unexpected(reference.error());
  const Result<Digest> digest = digest_of(call.body);
  if (!digest) return tl::unexpected(digest.error());
  const std::lock_guard lock(store.commit);
  const Result<Image> image = Image::read(store.content, *digest, store.limits);
  if (!image) return tl::unexpected(image.error());
  Result<ReferenceTable> table = ReferenceTable::load(store.layout, store.limits);
  if (!table) return tl::unexpected(std::move(table.error()));
  table->set(*reference, image->descriptor);
  if (Status saved = table->save(); !saved) return tl::unexpected(std::move(saved.error()));
  return Json{{"image", image->to_json(*reference)}};
}

Result<Json> untag(Store& store, const Call& call) {
  const Result<std::string> reference = reference_of(call.body);
  if (!reference) return tl::unexpected(reference.error());
  const std::lock_guard lock(store.commit);
  Result<ReferenceTable> table = ReferenceTable::load(store.layout, store.limits);
  if (!table) return tl::unexpected(std::move(table.error()));
  table->remove(*reference);
  if (Status saved = table->save(); !saved) return tl::unexpected(std::move(saved.error()));
  return Json::object();
}

Result<Json> image(Store& store, const Call& call) {
  const Result<Digest> digest = digest_of(call.body);
  if (!digest) return tl::unexpected(digest.error());
  const Result<Image> image = Image::read(store.content, *digest, store.limits);
  if (!image) return tl::unexpected(image.error());
  return Json{{"image", image->to_json()}};
}

Result<Json> prepare(Store& store, const Call& call) {
  const Result<Digest> digest = digest_of(call.body);
  if (!digest) return tl::unexpected(digest.error());
  const Result<Platform> platform = Platform::from_json(member(call.body, "platform"));
  if (!platform) return tl::unexpected(platform.error());
  return prepare_image(store, *digest, *platform, call.task);
}

Result<Json> create(Store& store, const Call& call) {
  Result<std::string> id = container_id(call.body);
  if (!id) return tl::unexpected(std::move(id.error()));
  Result<Digest> digest = digest_of(call.body);
  if (!digest) return tl::unexpected(std::move(digest.error()));
  Result<Platform> platform = Platform::from_json(member(call.body, "platform"));
  if (!platform) return tl::unexpected(std::move(platform.error()));
  const int64_t bytes =
      integer_or(call.body, "writableBytes", static_cast<int64_t>(kDefaultWritableBytes));
  if (bytes < 0) return fail(Code::kInvalid, "\"writableBytes\" is negative");
  return create_container(
      store,
      {std::move(*id), std::move(*digest), std::move(*platform), static_cast<uint64_t>(bytes)},
      call.task);
}

Result<Json> remove(Store& store, const Call& call) {
  const Result<std::string> id = container_id(call.body);
  if (!id) return tl::unexpected(id.error());
  return Json{{"reclaimed", delete_container(store, *id)}};
}

Result<Json> inspect(Store& store, const Call& call) {
  const Result<std::string> id = container_id(call.body);
  if (!id) return tl::unexpected(id.error());
  return inspect_container(store, *id);
}

Result<VolumeDisk> volume_disk(const Json& body) {
  VolumeDisk disk;
  const int64_t bytes = integer_or(body, "sizeBytes", static_cast<int64_t>(kDefaultVolumeBytes));
  const int64_t journal = integer_or(body, "journalBytes", 0);
  if (bytes < 0 || journal < 0) return fail(Code::kInvalid, "a size is negative");
  disk.bytes = static_cast<uint64_t>(bytes);
  disk.journal_bytes = static_cast<uint64_t>(journal);
  const std::string mode = string_or(body, "journal", "");
  disk.mode = journal_mode(mode);
  if (!mode.empty() && !disk.mode)
    return fail(Code::kInvalid, "a journal is \"ordered\", \"writeback\" or \"journal\"");
  return disk;
}

Result<Json> add_volume(Store& store, const Call& call) {
  Result<std::string> name = volume_name(call.body);
  if (!name) return tl::unexpected(std::move(name.error()));
  const std::string kind = string_or(call.body, "kind", "disk");
  if (kind == "folder") return create_volume(store, {std::move(*name), Folder{}});
  if (kind != "disk") return fail(Code::kInvalid, "a volume is a \"disk\" or a \"folder\"");
  const Result<VolumeDisk> disk = volume_disk(call.body);
  if (!disk) return tl::unexpected(disk.error());
  return create_volume(store, {std::move(*name), *disk});
}

Result<Json> remove_volume(Store& store, const Call& call) {
  const Result<std::string> name = volume_name(call.body);
  if (!name) return tl::unexpected(name.error());
  return Json{{"reclaimed", delete_volume(store, *name)}};
}

Result<Json> list(Store& store, const Call&) {
  return list_all(store);
}
Result<Json> usage(Store& store, const Call&) {
  return measure_usage(store);
}

// The lists must be there: a request that forgets one would otherwise remove everything.
Result<Json> collect_garbage(Store& store, const Call& call) {
  for (const char* key : {"images", "references", "containers"}) {
    if (!member(call.body, key).is_array())
      return fail(Code::kInvalid, std::string("\"") + key + "\" must be a list");
  }
  Alive alive;
  for (const Json& text : call.body["images"]) {
    Result<Digest> digest = Digest::parse(text.is_string() ? text.get<std::string>() : "");
    if (!digest) return fail(Code::kInvalid, std::move(digest.error().message));
    alive.images.insert(std::move(*digest));
  }
  for (const Json& item : call.body["references"]) {
    Result<std::string> reference = string_at(item, "reference");
    if (!reference) return tl::unexpected(std::move(reference.error()));
    Result<Digest> digest = digest_of(item);
    if (!digest) return tl::unexpected(std::move(digest.error()));
    alive.references.emplace_back(std::move(*reference), std::move(*digest));
  }
  for (const Json& id : call.body["containers"]) {
    if (!id.is_string()) return fail(Code::kInvalid, "\"containers\" must be a list of ids");
    alive.containers.insert(id.get<std::string>());
  }
  if (const Json& volumes = member(call.body, "volumes"); volumes.is_array()) {
    alive.volumes.emplace();
    for (const Json& name : volumes) {
      if (!name.is_string()) return fail(Code::kInvalid, "\"volumes\" must be a list of names");
      alive.volumes->insert(name.get<std::string>());
    }
  }
  alive.incoming = !bool_or(call.body, "incoming", false);
  return collect(store, alive, bool_or(call.body, "dryRun", false));
}

Result<Json> plan(Store& store, const Call& call) {
  const Result<Descriptor> root = described(call.body, "root");
  if (!root) return tl::unexpected(root.error());
  const Result<std::optional<Platform>> platform = platform_if_any(call.body);
  if (!platform) return tl::unexpected(platform.error());
  return plan_pull(store, *root, *platform);
}

Result<Json> receive(Store& store, const Call& call) {
  const Result<int> fd = descriptor_of(call);
  if (!fd) return tl::unexpected(fd.error());
  Result<Descriptor> content = described(call.body, "content");
  if (!content) return tl::unexpected(std::move(content.error()));
  const int64_t offset = integer_or(call.body, "offset", 0);
  if (offset < 0) return fail(Code::kInvalid, "\"offset\" is negative");
  const bool is_document = string_or(call.body, "kind", "blob") == "manifest";
  const Result<uint64_t> received = receive_content(
      store, {std::move(*content), is_document, static_cast<uint64_t>(offset)}, *fd, call.task);
  if (!received) return tl::unexpected(received.error());
  return Json{{"received", *received}};
}

Result<Json> unpack(Store& store, const Call& call) {
  const Result<std::string> text = string_at(call.body, "manifest");
  if (!text) return tl::unexpected(text.error());
  const Result<Digest> manifest = Digest::parse(*text);
  if (!manifest) return fail(Code::kInvalid, manifest.error().message);
  return unpack_arriving(store, *manifest, call.task);
}

Result<Json> admit(Store& store, const Call& call) {
  const Result<std::string> reference = reference_of(call.body);
  if (!reference) return tl::unexpected(reference.error());
  const Result<Descriptor> root = described(call.body, "root");
  if (!root) return tl::unexpected(root.error());
  const Result<std::optional<Platform>> platform = platform_if_any(call.body);
  if (!platform) return tl::unexpected(platform.error());
  return admit_image(store, {*reference, *root, *platform}, call.task);
}

Result<Json> contents(Store& store, const Call& call) {
  const Result<Digest> digest = digest_of(call.body);
  if (!digest) return tl::unexpected(digest.error());
  const Result<std::optional<Platform>> platform = platform_if_any(call.body);
  if (!platform) return tl::unexpected(platform.error());
  return list_contents(store, *digest, *platform);
}

Result<Json> open(Store& store, const Call& call) {
  const Result<Digest> digest = digest_of(call.body);
  if (!digest) return tl::unexpected(digest.error());
  Result<OpenContent> content = open_content(store, *digest);
  if (!content) return tl::unexpected(std::move(content.error()));
  call.answer_fds.push_back(std::move(content->fd));
  return Json{{"size", content->size}};
}

constexpr Method kMethods[] = {
    {"storage.load", Place::kBulk, load},
    {"storage.import", Place::kBulk, import},
    {"storage.save", Place::kBulk, save},
    {"storage.plan", Place::kQuick, plan},
    {"storage.receive", Place::kOwn, receive},
    {"storage.unpack", Place::kOwn, unpack},
    {"storage.admit", Place::kOwn, admit},
    {"storage.contents", Place::kQuick, contents},
    {"storage.open", Place::kQuick, open},
    {"storage.tag", Place::kQuick, tag},
    {"storage.untag", Place::kQuick, untag},
    {"storage.image", Place::kQuick, image},
    {"storage.prepare", Place::kQuick, prepare},
    {"storage.create", Place::kQuick, create},
    {"storage.delete", Place::kQuick, remove},
    {"storage.inspect", Place::kQuick, inspect},
    {"storage.list", Place::kQuick, list},
    {"storage.usage", Place::kQuick, usage},
    {"storage.gc", Place::kQuick, collect_garbage},
    {"storage.create-volume", Place::kQuick, add_volume},
    {"storage.delete-volume", Place::kQuick, remove_volume},
};

}  // namespace

const Method* find_method(std::string_view name) {
  for (const Method& method : kMethods) {
    if (name == method.name) return &method;
  }
  return nullptr;
}

}  // namespace bulkhead::storage
