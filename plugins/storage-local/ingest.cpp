#include "ingest.hpp"

#include <unistd.h>

#include <atomic>

#include "growing_file.hpp"

namespace bulkhead::storage {
namespace {

std::atomic<uint64_t> next_number{1};

}  // namespace

// One file being received; removed unless kept.
class Ingest::Writer {
 public:
  Writer(Path path, const Limits& limits) : path_(std::move(path)), limits_(limits) {}
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;
  ~Writer() {
    if (file_ && !kept_) ::unlink(path_.c_str());
  }

  Status open() {
    Result<UniqueFd> fd = create_file(path_);
    if (!fd) return tl::unexpected(std::move(fd.error()));
    file_.emplace(std::move(*fd), path_, limits_);
    return file_->check_space();
  }

  Status write(Bytes bytes) { return file_->write(bytes); }

  Path keep() {
    file_->write_back();
    kept_ = true;
    return path_;
  }

 private:
  Path path_;
  const Limits& limits_;
  std::optional<GrowingFile> file_;
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

}  // namespace bulkhead::storage
