#include "archives.hpp"

#include <archive.h>
#include <archive_entry.h>
#include <gtest/gtest.h>

#include "oci_document.hpp"

namespace bulkhead::storage {
namespace {

la_ssize_t append(archive*, void* bytes, const void* block, size_t size) {
  static_cast<std::string*>(bytes)->append(static_cast<const char*>(block), size);
  return static_cast<la_ssize_t>(size);
}

}  // namespace

std::string pack(const std::string& bytes, Packing packing) {
  if (packing == Packing::kPlain) return bytes;
  std::string packed;
  archive* out = archive_write_new();
  archive_write_set_format_raw(out);
  if (packing == Packing::kGzip) archive_write_add_filter_gzip(out);
  if (packing == Packing::kZstd) archive_write_add_filter_zstd(out);
  archive_write_set_bytes_in_last_block(out, 1);
  EXPECT_EQ(archive_write_open(out, &packed, nullptr, append, nullptr), ARCHIVE_OK);
  archive_entry* entry = archive_entry_new();
  archive_entry_set_filetype(entry, AE_IFREG);
  EXPECT_EQ(archive_write_header(out, entry), ARCHIVE_OK);
  EXPECT_EQ(archive_write_data(out, bytes.data(), bytes.size()),
            static_cast<la_ssize_t>(bytes.size()));
  archive_entry_free(entry);
  EXPECT_EQ(archive_write_close(out), ARCHIVE_OK);
  archive_write_free(out);
  return packed;
}

Tar::Tar() : archive_(archive_write_new()) {
  archive_write_set_format_pax(archive_);
  archive_write_set_bytes_in_last_block(archive_, 1);
  archive_write_set_option(archive_, "pax", "hdrcharset", "BINARY");
  EXPECT_EQ(archive_write_open(archive_, &bytes_, nullptr, append, nullptr), ARCHIVE_OK);
}

Tar::~Tar() {
  archive_write_free(archive_);
}

archive_entry* Tar::entry(const std::string& name, int type, const TarMeta& meta) {
  archive_entry* entry = archive_entry_new();
  archive_entry_set_pathname(entry, name.c_str());
  archive_entry_set_filetype(entry, static_cast<unsigned>(type));
  archive_entry_set_perm(entry, static_cast<mode_t>(meta.mode));
  archive_entry_set_uid(entry, meta.uid);
  archive_entry_set_gid(entry, meta.gid);
  archive_entry_set_mtime(entry, meta.mtime, meta.nanoseconds);
  for (const auto& [key, value] : meta.attributes) {
    archive_entry_xattr_add_entry(entry, key.c_str(), value.data(), value.size());
  }
  if (!meta.acl.empty()) {
    EXPECT_EQ(archive_entry_acl_from_text(entry, meta.acl.c_str(), ARCHIVE_ENTRY_ACL_TYPE_ACCESS),
              ARCHIVE_OK);
  }
  return entry;
}

void Tar::add(archive_entry* entry, const std::string& content) {
  EXPECT_GE(archive_write_header(archive_, entry), ARCHIVE_WARN) << archive_error_string(archive_);
  if (!content.empty()) archive_write_data(archive_, content.data(), content.size());
  archive_entry_free(entry);
}

Tar& Tar::file(const std::string& name, const std::string& content, const TarMeta& meta) {
  archive_entry* made = entry(name, AE_IFREG, meta);
  archive_entry_set_size(made, static_cast<la_int64_t>(content.size()));
  add(made, content);
  return *this;
}

Tar& Tar::directory(const std::string& name, const TarMeta& meta) {
  add(entry(name, AE_IFDIR, meta));
  return *this;
}

Tar& Tar::symlink(const std::string& name, const std::string& target) {
  archive_entry* made = entry(name, AE_IFLNK, TarMeta{.mode = 0777});
  archive_entry_set_symlink(made, target.c_str());
  add(made);
  return *this;
}

Tar& Tar::hard_link(const std::string& name, const std::string& target) {
  archive_entry* made = entry(name, AE_IFREG, {});
  archive_entry_set_hardlink(made, target.c_str());
  archive_entry_unset_size(made);
  add(made);
  return *this;
}

Tar& Tar::device(const std::string& name, char kind, unsigned major, unsigned minor) {
  archive_entry* made = entry(name, kind == 'c' ? AE_IFCHR : AE_IFBLK, {});
  archive_entry_set_rdevmajor(made, major);
  archive_entry_set_rdevminor(made, minor);
  add(made);
  return *this;
}

Tar& Tar::fifo(const std::string& name) {
  add(entry(name, AE_IFIFO, {}));
  return *this;
}

Tar& Tar::sparse(const std::string& name, int64_t size, int64_t data_at, const std::string& data) {
  archive_entry* made = entry(name, AE_IFREG, {});
  archive_entry_set_size(made, size);
  archive_entry_sparse_add_entry(made, data_at, static_cast<la_int64_t>(data.size()));
  EXPECT_EQ(archive_write_header(archive_, made), ARCHIVE_OK);
  // The writer takes the whole file and leaves the holes out itself.
  std::string whole(static_cast<size_t>(size), '\0');
  whole.replace(static_cast<size_t>(data_at), data.size(), data);
  archive_write_data(archive_, whole.data(), whole.size());
  archive_entry_free(made);
  return *this;
}

std::string Tar::bytes() {
  EXPECT_EQ(archive_write_close(archive_), ARCHIVE_OK) << archive_error_string(archive_);
  return bytes_;
}

ImageArchive::Blob ImageArchive::add_blob(const std::string& content) {
  Blob blob{Digest::of(bytes_of(content)), content.size()};
  blobs[blob.digest.hex()] = content;
  return blob;
}

Json ImageArchive::describe(const Json& document, const std::string& type) {
  const Blob blob = add_blob(dump_json(document));
  return {{"mediaType", type}, {"digest", blob.digest.text()}, {"size", blob.size}};
}

Json ImageArchive::manifest(const std::vector<std::string>& layers, const Json& platform,
                            Packing packing) {
  Json list = Json::array(), diff_ids = Json::array();
  for (const std::string& layer : layers) {
    const Blob blob = add_blob(pack(layer, packing));
    const char* suffix = packing == Packing::kGzip   ? "+gzip"
                         : packing == Packing::kZstd ? "+zstd"
                                                     : "";
    list.push_back({{"mediaType", std::string(media_type::kLayer) + suffix},
                    {"digest", blob.digest.text()},
                    {"size", blob.size}});
    diff_ids.push_back(Digest::of(bytes_of(layer)).text());
  }
  Json config = platform;
  config["created"] = "2024-05-06T07:08:09Z";
  config["config"] = {{"Cmd", {"/bin/sh"}}};
  config["rootfs"] = {{"type", "layers"}, {"diff_ids", diff_ids}};
  return {
      {"schemaVersion", 2}, {"config", describe(config, media_type::kConfig)}, {"layers", list}};
}

void ImageArchive::name(const Json& descriptor, const std::string& reference, const char* key) {
  Json entry = descriptor;
  if (!reference.empty()) entry["annotations"] = {{key, reference}};
  index_entries.push_back(entry);
}

std::string ImageArchive::oci() const {
  Tar tar;
  tar.directory("blobs/").directory("blobs/sha256/");
  for (const auto& [hex, content] : blobs) tar.file("blobs/sha256/" + hex, content);
  tar.file("index.json", dump_json({{"schemaVersion", 2}, {"manifests", index_entries}}));
  tar.file("oci-layout", R"({"imageLayoutVersion":"1.0.0"})");
  return tar.bytes();
}

std::string ImageArchive::oci_with(const std::string& extra_tar) const {
  return concatenated(extra_tar, oci());
}

std::string concatenated(const std::string& first, const std::string& second) {
  size_t end = first.size();
  while (end >= 512 && first.compare(end - 512, 512, std::string(512, '\0')) == 0) end -= 512;
  return first.substr(0, end) + second;
}

std::string simple_archive(const std::vector<std::string>& layers, const std::string& reference,
                           Packing packing) {
  ImageArchive archive;
  archive.name(archive.describe(
                   archive.manifest(layers, {{"os", "linux"}, {"architecture", "amd64"}}, packing),
                   media_type::kManifest),
               reference);
  return archive.oci();
}

std::string docker_archive(const std::vector<std::string>& layers,
                           const std::vector<std::string>& tags, bool legacy_links) {
  Tar tar;
  Json diff_ids = Json::array(), files = Json::array();
  std::map<std::string, std::string> written;
  for (size_t i = 0; i < layers.size(); ++i) {
    const std::string id = "layer" + std::to_string(i), name = id + "/layer.tar";
    tar.directory(id + "/").file(id + "/VERSION", "1.0").file(id + "/json", "{}");
    // A layer that occurs twice was written once, and linked.
    if (const auto same = written.find(layers[i]); legacy_links && same != written.end()) {
      tar.symlink(name, "../" + same->second);
    } else {
      tar.file(name, layers[i]);
      written[layers[i]] = name;
    }
    files.push_back(name);
    diff_ids.push_back(Digest::of(bytes_of(layers[i])).text());
  }
  const std::string config = dump_json({{"os", "linux"},
                                        {"architecture", "amd64"},
                                        {"created", "2020-01-02T03:04:05Z"},
                                        {"config", {{"Cmd", {"/bin/sh"}}}},
                                        {"rootfs", {{"type", "layers"}, {"diff_ids", diff_ids}}}});
  tar.file("config.json", config);
  tar.file(
      "manifest.json",
      dump_json(Json::array({{{"Config", "config.json"}, {"RepoTags", tags}, {"Layers", files}}})));
  return tar.bytes();
}

}  // namespace bulkhead::storage
