#include "ingest.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <atomic>

namespace bulkhead::storage {
namespace {

constexpr uint64_t kWriteBackEvery = 8 * kMiB;
constexpr uint64_t kCheckSpaceEvery = 64 * kMiB;

std::atomic<uint64_t> next_number{1};

}  // namespace

// One file being received; removed unless kept.
class Ingest::Writer {
 public:
  Writer(Path path, const Limits& limits) : path_(std::move(path)), limits_(limits) {}
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;
  ~Writer() {
    if (fd_ && !kept_) ::unlink(path_.c_str());
  }

  Status open() {
    Result<UniqueFd> fd = create_file(path_);
    if (!fd) return tl::unexpected(std::move(fd.error()));
    fd_ = std::move(*fd);
    return check_free_space(fd_.get(), limits_.host_reserve_bytes, "an image");
  }

  Status write(Bytes bytes) {
    if (Status written = write_all(fd_.get(), bytes, path_.string()); !written) return written;
    size_ += bytes.size();
    if (size_ - begun_ >= kWriteBackEvery) write_back();
    if (size_ - checked_ < kCheckSpaceEvery) return {};
    checked_ = size_;
    return check_free_space(fd_.get(), limits_.host_reserve_bytes, "an image");
  }

  Path keep() {
    write_back();
    kept_ = true;
    return path_;
  }

 private:
  // The disk begins to write while we go on reading; the sync before publishing then has little to
  // wait for.
  void write_back() {
    ::sync_file_range(fd_.get(), static_cast<off_t>(begun_), static_cast<off_t>(size_ - begun_),
                      SYNC_FILE_RANGE_WRITE);
    begun_ = size_;
  }

  Path path_;
  const Limits& limits_;
  UniqueFd fd_;
  uint64_t size_ = 0, begun_ = 0, checked_ = 0;
  bool kept_ = false;
};

Ingest::Ingest(ContentStore& store, const Layout& layout, const Limits& limits, const Task& task)
    : store_(store), layout_(layout), limits_(limits), task_(task), pin_(store) {}

Ingest::~Ingest() {
  for (const auto& [digest, path] : received_) ::unlink(path.c_str());
}

Path Ingest::next_path() {
  return layout_.ingest() / std::to_string(next_number++);
}

Result<Received> Ingest::receive(ByteSource& source, const std::optional<Digest>& expected) {
  if (expected) pin_.add(*expected);
  const bool keep = !expected || !find(*expected);
  Writer writer(next_path(), limits_);
  if (keep) {
    if (Status opened = writer.open(); !opened) return tl::unexpected(std::move(opened.error()));
  }
  Sha256 hash;
  uint64_t size = 0;
  for (;;) {
    if (Status wanted = task_.check(); !wanted) return tl::unexpected(std::move(wanted.error()));
    Result<Bytes> bytes = source.next();
    if (!bytes) return tl::unexpected(std::move(bytes.error()));
    if (bytes->empty()) break;
    hash.update(*bytes);
    size += bytes->size();
    if (!keep) continue;
    if (Status written = writer.write(*bytes); !written)
      return tl::unexpected(std::move(written.error()));
  }
  Digest digest = hash.finish();
  if (expected && *expected != digest) {
    return fail(Code::kCorrupt, "its content is " + digest.brief() + ", not what its name says");
  }
  pin_.add(digest);
  if (keep && !find(digest)) received_.emplace(digest, writer.keep());
  return Received{std::move(digest), size};
}

Result<Received> Ingest::receive(Bytes bytes) {
  MemorySource source(bytes);
  return receive(source);
}

std::optional<Path> Ingest::find(const Digest& digest) const {
  if (const auto found = received_.find(digest); found != received_.end()) return found->second;
  return store_.find(digest);
}

Status Ingest::publish(const std::set<Digest>& digests) {
  // Synced first and renamed then: a crash in between leaves only ingest/, which the next start
  // empties.
  for (const Digest& digest : digests) {
    const auto found = received_.find(digest);
    if (found == received_.end()) continue;
    Result<UniqueFd> fd = open_for_reading(found->second);
    if (!fd) return tl::unexpected(std::move(fd.error()));
    if (Status synced = sync_file(fd->get(), found->second.string()); !synced) return synced;
  }
  for (const Digest& digest : digests) {
    const auto found = received_.find(digest);
    if (found == received_.end()) continue;
    if (Status renamed = rename_file(found->second, layout_.blob(digest)); !renamed) return renamed;
    received_.erase(found);
    published_.push_back(digest);
  }
  return sync_directory(layout_.blobs());
}

void Ingest::retract() {
  for (const Digest& digest : published_) ::unlink(layout_.blob(digest).c_str());
  published_.clear();
}

}  // namespace bulkhead::storage
