#include "layout.hpp"

#include <unistd.h>

#include <chrono>

namespace bulkhead::storage {
namespace {

constexpr std::string_view kLayoutMark = R"({"imageLayoutVersion":"1.0.0"})";
constexpr std::string_view kEmptyIndex =
    R"({"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[]})";

void remove_unfinished(const Path& directory) {
  std::error_code error;
  for (std::filesystem::directory_iterator it(directory, error), end; !error && it != end;
       it.increment(error)) {
    if (it->path().extension() == ".tmp") remove_tree(it->path());
  }
}

// Also what isn't ours: nobody else has anything there.
void remove_forgotten(const Path& directory) {
  constexpr auto kKept = std::chrono::hours(7 * 24);
  std::error_code error;
  for (std::filesystem::directory_iterator it(directory, error), end; !error && it != end;
       it.increment(error)) {
    std::error_code unknown;
    const auto changed = std::filesystem::last_write_time(it->path(), unknown);
    if (!unknown && std::filesystem::file_time_type::clock::now() - changed > kKept)
      remove_tree(it->path());
  }
}

Status ensure_file(const Path& path, std::string_view content) {
  return ::access(path.c_str(), F_OK) == 0 ? Status{} : replace_file(path, content);
}

}  // namespace

Status Layout::initialize() const {
  remove_tree(ingest());
  for (const Path& directory :
       {blobs(), ingest(), incoming(), disks(), templates(), containers(), volumes()}) {
    if (Status made = make_directories(directory); !made) return made;
  }
  for (const Path& directory : {root_ / "images", disks(), templates(), containers()})
    remove_unfinished(directory);
  remove_tree(unfinished_volume());
  remove_forgotten(incoming());
  if (Status marked = ensure_file(root_ / "images" / "oci-layout", kLayoutMark); !marked)
    return marked;
  return ensure_file(index(), kEmptyIndex);
}

}  // namespace bulkhead::storage
