// An image archive from anywhere, taken in and read as OCI and as docker-archive.
#include <sys/mman.h>
#include <unistd.h>

#include <string>

#include "image.hpp"
#include "image_archive.hpp"
#include "store.hpp"
#include "tar_repair.hpp"

using namespace bulkhead;
using namespace bulkhead::storage;

namespace {

Limits small_limits() {
  Limits limits;
  limits.archive_members = 200;
  limits.bomb_bytes = kMiB;
  limits.host_reserve_bytes = 0;
  return limits;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static Store store("/dev/shm/archive-fuzzer-" + std::to_string(::getpid()),
                     Platform{"linux", "amd64", ""}, small_limits());
  static const bool ready = store.layout.initialize().has_value();
  if (!ready) return 0;
  const std::string tar = repaired_tar(data, size);
  const UniqueFd fd(::memfd_create("fuzz", MFD_CLOEXEC));
  if (!write_all(fd.get(), bytes_of(tar), "memfd")) return 0;
  ::lseek(fd.get(), 0, SEEK_SET);
  const Task task;
  Ingest ingest(store.content, store.layout, store.limits, task);
  const Result<ArchiveContents> contents =
      take_archive(fd.get(), ingest, {true}, store.limits, task);
  if (!contents) return 0;
  const Result<ArchivedImages> found =
      read_image_archive(*contents, ingest, "fuzz.tar", store.limits);
  if (!found) return 0;
  for (const NamedImage& named : found->images) {
    if (const Result<Image> image = Image::read(ingest, named.digest, store.limits))
      (void)dump_json(image->to_json());
  }
  return 0;
}
