#include "content.hpp"

#include <unistd.h>

#include <algorithm>

namespace bulkhead::storage {

Result<Json> Content::document(const Digest& digest, const Limits& limits) const {
  const std::optional<Path> path = find(digest);
  if (!path) return fail(Code::kNotFound, "there is no content " + digest.brief());
  Result<std::string> text = read_small_file(*path, limits.document_bytes);
  if (!text) return fail(std::move(text.error()).context(digest.brief()));
  Result<Json> document = parse_document(*text);
  if (!document) return fail(std::move(document.error()).context(digest.brief()));
  return document;
}

Result<Json> Content::document(const Descriptor& descriptor, const Limits& limits) const {
  const std::optional<Path> path = find(descriptor.digest);
  if (path && size_of_file(*path) != descriptor.size) {
    return fail(Code::kCorrupt,
                descriptor.digest.brief() + " has " + std::to_string(size_of_file(*path)) +
                    " bytes, but its descriptor promises " + std::to_string(descriptor.size));
  }
  return document(descriptor.digest, limits);
}

std::optional<Path> ContentStore::find(const Digest& digest) const {
  Path path = layout_.blob(digest);
  if (::access(path.c_str(), R_OK) != 0) return std::nullopt;
  return path;
}

std::vector<Digest> ContentStore::list() const {
  std::vector<Digest> digests;
  std::error_code error;
  for (std::filesystem::directory_iterator it(layout_.blobs(), error), end; !error && it != end;
       it.increment(error)) {
    if (Result<Digest> digest = Digest::from_hex(it->path().filename().string()))
      digests.push_back(std::move(*digest));
  }
  std::sort(digests.begin(), digests.end());
  return digests;
}

ContentStore::Pin::~Pin() {
  const std::lock_guard lock(store_.mutex_);
  for (const Digest& digest : digests_) store_.pins_.erase(store_.pins_.find(digest));
}

void ContentStore::Pin::add(const Digest& digest) {
  const std::lock_guard lock(store_.mutex_);
  store_.pins_.insert(digest);
  digests_.push_back(digest);
}

std::set<Digest> ContentStore::pinned() const {
  const std::lock_guard lock(mutex_);
  return {pins_.begin(), pins_.end()};
}

}  // namespace bulkhead::storage
