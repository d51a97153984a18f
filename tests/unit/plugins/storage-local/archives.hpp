// Archives made on the fly: layers, image archives in both formats, and the same with one thing
// wrong.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "bulkhead/json.hpp"
#include "digest.hpp"

struct archive;
struct archive_entry;

namespace bulkhead::storage {

enum class Packing { kPlain, kGzip, kZstd };
std::string pack(const std::string& bytes, Packing packing);

struct TarMeta {
  int mode = 0644;
  int64_t uid = 0, gid = 0;
  int64_t mtime = 1'000'000'000;
  long nanoseconds = 0;
  std::map<std::string, std::string> attributes = {};
  std::string acl = {};  // "user::rw-,user:1000:r--:1000,..."
};

// A tar, member by member. Names and targets are taken as they are, however hostile.
class Tar {
 public:
  Tar();
  ~Tar();
  Tar(const Tar&) = delete;
  Tar& operator=(const Tar&) = delete;

  Tar& file(const std::string& name, const std::string& content = {}, const TarMeta& meta = {});
  Tar& directory(const std::string& name) { return directory(name, TarMeta{.mode = 0755}); }
  Tar& directory(const std::string& name, const TarMeta& meta);
  Tar& symlink(const std::string& name, const std::string& target);
  Tar& hard_link(const std::string& name, const std::string& target);
  Tar& device(const std::string& name, char kind, unsigned major, unsigned minor);
  Tar& fifo(const std::string& name);
  Tar& sparse(const std::string& name, int64_t size, int64_t data_at, const std::string& data);

  std::string bytes();  // closes it

 private:
  archive_entry* entry(const std::string& name, int type, const TarMeta& meta);
  void add(archive_entry* entry, const std::string& content = {});
  archive* archive_;
  std::string bytes_;
};

// An image archive under construction.
class ImageArchive {
 public:
  struct Blob {
    Digest digest;
    size_t size;
  };
  Blob add_blob(const std::string& content);
  // A manifest with these layers (tars); its blobs are added. What it describes can be bent before.
  Json manifest(const std::vector<std::string>& layers, const Json& platform,
                Packing packing = Packing::kPlain);
  // Puts the document among the blobs; its descriptor.
  Json describe(const Json& document, const std::string& media_type);
  void name(const Json& descriptor, const std::string& reference,
            const char* key = "org.opencontainers.image.ref.name");

  std::map<std::string, std::string> blobs;  // by hex of the digest
  Json index_entries = Json::array();

  std::string oci() const;                                   // the archive
  std::string oci_with(const std::string& extra_tar) const;  // and members of another tar before it
};

// An OCI archive of one image: these layers, for amd64.
std::string simple_archive(const std::vector<std::string>& layers,
                           const std::string& reference = "docker.io/library/web:latest",
                           Packing packing = Packing::kPlain);
// The same as `docker save` of old wrote it.
std::string docker_archive(const std::vector<std::string>& layers,
                           const std::vector<std::string>& tags, bool legacy_links = false);

// One tar after another as one: the first's end is cut off.
std::string concatenated(const std::string& first, const std::string& second);

}  // namespace bulkhead::storage
