#include "incoming.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>

namespace bulkhead::storage {
namespace {

constexpr auto kCancelPoll = std::chrono::milliseconds(200);

bool is_same_file(int fd, const Path& path) {
  struct stat open {};
  struct stat named {};
  return ::fstat(fd, &open) == 0 && ::stat(path.c_str(), &named) == 0 &&
         open.st_dev == named.st_dev && open.st_ino == named.st_ino;
}

// "<hex>" and "<hex>.part".
Result<Digest> digest_of_file(const Path& path) {
  return Digest::from_hex(path.extension() == Layout::kPart ? path.stem().string()
                                                            : path.filename().string());
}

}  // namespace

std::optional<Path> Incoming::find(const Digest& digest) const {
  // In this order, because content moves from here to there.
  Path path = layout_.incoming(digest);
  if (::access(path.c_str(), R_OK) == 0) return path;
  return store_.find(digest);
}

Result<std::unique_ptr<Incoming::Arrival>> Incoming::begin(const Digest& digest, uint64_t offset) {
  const std::lock_guard lock(mutex_);
  if (const auto found = arriving_.find(digest);
      found != arriving_.end() && found->second.receiving) {
    return fail(Code::kConflict, digest.brief() + " is being received already");
  }
  if (find(digest)) {
    change();
    return nullptr;
  }
  const uint64_t there = have(digest);
  if (offset != 0 && offset != there) {
    return fail(Code::kConflict, std::to_string(there) + " bytes of " + digest.brief() +
                                     " are here, so it can't go on at byte " +
                                     std::to_string(offset));
  }
  State& state = arriving_[digest];
  state.receiving = true;
  if (offset == 0) {
    ::unlink(layout_.part(digest).c_str());
    state.bytes = 0;
    change();
  }
  return std::make_unique<Arrival>(*this, digest);
}

Incoming::Arrival::~Arrival() {
  const std::lock_guard lock(incoming_.mutex_);
  if (const auto found = incoming_.arriving_.find(digest_); found != incoming_.arriving_.end())
    found->second.receiving = false;
}

void Incoming::Arrival::came(uint64_t bytes) {
  const std::lock_guard lock(incoming_.mutex_);
  incoming_.arriving_[digest_].bytes = bytes;
  incoming_.change();
}

Status Incoming::Arrival::finish() {
  const std::lock_guard lock(incoming_.mutex_);
  if (Status renamed = rename_file(part(), incoming_.layout_.incoming(digest_)); !renamed)
    return renamed;
  incoming_.arriving_.erase(digest_);
  incoming_.change();
  return {};
}

void Incoming::Arrival::discard() {
  const std::lock_guard lock(incoming_.mutex_);
  ::unlink(part().c_str());
  incoming_.arriving_.erase(digest_);
  incoming_.change();
}

Result<UniqueFd> Incoming::open(const Digest& digest) const {
  const std::lock_guard lock(mutex_);
  if (const std::optional<Path> path = find(digest)) return open_for_reading(*path);
  const auto found = arriving_.find(digest);
  if (found == arriving_.end() || found->second.bytes == 0) return UniqueFd();
  return open_for_reading(layout_.part(digest));
}

Result<Incoming::Reach> Incoming::reach(const Digest& digest, int fd) const {
  const std::lock_guard lock(mutex_);
  if (const auto found = arriving_.find(digest);
      found != arriving_.end() && is_same_file(fd, layout_.part(digest)))
    return Reach{found->second.bytes, false};
  if (const std::optional<Path> path = find(digest); path && is_same_file(fd, *path))
    return Reach{size_of_file(*path), true};
  return fail(Code::kRetry, digest.brief() + " turned out to be something else and comes again");
}

uint64_t Incoming::news() const {
  const std::lock_guard lock(mutex_);
  return news_;
}

void Incoming::wait_for_news(uint64_t known) const {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, kCancelPoll, [&] { return news_ != known; });
}

void Incoming::change() {
  ++news_;
  changed_.notify_all();
}

uint64_t Incoming::sweep(const std::set<Digest>& kept, bool dry_run) {
  const std::lock_guard lock(mutex_);
  uint64_t reclaimed = 0;
  std::error_code error;
  for (std::filesystem::directory_iterator it(layout_.incoming(), error), end; !error && it != end;
       it.increment(error)) {
    if (const Result<Digest> digest = digest_of_file(it->path())) {
      const auto found = arriving_.find(*digest);
      if (kept.contains(*digest) || (found != arriving_.end() && found->second.receiving)) continue;
      if (!dry_run) arriving_.erase(*digest);
    }
    reclaimed += allocated_bytes(it->path());
    if (!dry_run) remove_tree(it->path());
  }
  return reclaimed;
}

std::set<Digest> Incoming::list() const {
  std::set<Digest> whole;
  std::error_code error;
  for (std::filesystem::directory_iterator it(layout_.incoming(), error), end; !error && it != end;
       it.increment(error)) {
    if (Result<Digest> digest = Digest::from_hex(it->path().filename().string()))
      whole.insert(std::move(*digest));
  }
  return whole;
}

}  // namespace bulkhead::storage
