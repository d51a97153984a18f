#include "folder_watch.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

#include "bulkhead/result.hpp"

namespace bulkhead::qemu {
namespace {

constexpr uint32_t kTold = IN_CLOSE_WRITE | IN_CREATE | IN_MOVED_TO;
constexpr uint32_t kWatched = kTold | IN_MOVED_FROM | IN_ONLYDIR | IN_EXCL_UNLINK;
constexpr size_t kFoldersAtOnce = 64;
constexpr size_t kMostMarks = 4096;
// A request to the guest is at most 1 MiB, and in JSON a byte may become six.
constexpr size_t kMostBytes = 128 * 1024;

std::string joined(const std::string& folder, std::string_view name) {
  return folder.empty() ? std::string(name) : folder + "/" + std::string(name);
}

bool is_within(const std::string& path, const std::string& folder) {
  return path.starts_with(folder) && (path.size() == folder.size() || path[folder.size()] == '/');
}

using Folder = std::unique_ptr<DIR, int (*)(DIR*)>;

Folder listing(UniqueFd folder) {
  DIR* opened = ::fdopendir(folder.get());
  if (opened) folder.release();
  return {opened, ::closedir};
}

}  // namespace

FolderWatch::FolderWatch(loop::Loop& loop, Place place, size_t most_watches, Sink sink,
                         Remark remark)
    : place_(std::move(place)),
      most_watches_(most_watches),
      sink_(std::move(sink)),
      remark_(std::move(remark)),
      root_(::open(place_.folder.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)),
      inotify_(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC)),
      self_(std::make_shared<FolderWatch*>(this)),
      read_timer_(loop, [this] { read_folders(); }),
      tell_timer_(loop, [this] { tell(); }) {
  while (place_.destination.ends_with('/')) place_.destination.pop_back();
  if (!root_ || !inotify_) {
    const Error why = fail_errno("watch " + place_.folder, errno).value();
    remark_("changes there will not be told: " + why.message);
    return;
  }
  poll_ = std::make_unique<loop::Poll>(loop, inotify_.get(), [this](int) { read_events(); });
  poll_->watch(UV_READABLE);
  unread_.push_back({});
  read_folders();
}

void FolderWatch::warn(bool& said, const std::string& what) {
  if (!std::exchange(said, true)) remark_(what);
}

// --- what happens ---

void FolderWatch::read_events() {
  alignas(inotify_event) char bytes[32 * 1024];
  const ssize_t size = ::read(inotify_.get(), bytes, sizeof bytes);
  for (ssize_t at = 0; at < size;) {
    const auto& event = *reinterpret_cast<const inotify_event*>(bytes + at);
    take(event);
    at += static_cast<ssize_t>(sizeof event + event.len);
  }
}

void FolderWatch::take(const inotify_event& event) {
  if (event.mask & IN_Q_OVERFLOW)
    return warn(said_changes_, "more changed in " + place_.folder +
                                   " at once than can be told; some changes are not");
  const auto found = folders_.find(event.wd);
  if (found == folders_.end()) return;
  if (event.mask & IN_IGNORED) {
    folders_.erase(found);
    return;
  }
  if (event.len == 0) return;
  std::string path = joined(found->second, event.name);
  if (event.mask & IN_ISDIR) {
    if (event.mask & IN_MOVED_FROM) forget(path);
    if (event.mask & (IN_CREATE | IN_MOVED_TO)) expect(path, true);
  }
  if (event.mask & kTold) note(std::move(path), !(event.mask & (IN_CREATE | IN_MOVED_TO)));
}

void FolderWatch::note(std::string path, bool only_closed) {
  if (pending_.size() >= kMostPending && !pending_.contains(path))
    return warn(said_changes_, "more changed in " + place_.folder +
                                   " at once than can be told; some changes are not");
  const auto [entry, is_new] = pending_.emplace(std::move(path), only_closed);
  if (!only_closed) entry->second = false;
  if (pending_.size() > kMostPending / 2) poll_->watch(0);  // until they are being told
  gather();
}

// --- which folders there are ---

void FolderWatch::expect(std::string path, bool is_new) {
  if (folders_.size() + unread_.size() >= most_watches_)
    return warn(said_watches_, place_.folder + " has more than " + std::to_string(most_watches_) +
                                   " folders; changes in the rest are not told");
  unread_.push_back({std::move(path), is_new});
  if (!read_timer_.active()) read_timer_.start(0);
}

void FolderWatch::read_folders() {
  for (size_t i = 0; i < kFoldersAtOnce && !unread_.empty(); ++i) {
    const Unread unread = std::move(unread_.front());
    unread_.pop_front();
    read_folder(unread);
  }
  if (!unread_.empty()) read_timer_.start(1);
}

// What is gone again, or was never a folder, is no news.
void FolderWatch::read_folder(const Unread& unread) {
  UniqueFd folder = open_folder(unread.path);
  if (!folder || !add_watch(folder, unread.path)) return;
  const Folder list = listing(std::move(folder));
  while (const dirent* entry = list ? ::readdir(list.get()) : nullptr) {
    const std::string_view name = entry->d_name;
    if (name == "." || name == "..") continue;
    if (entry->d_type == DT_DIR || entry->d_type == DT_UNKNOWN)
      expect(joined(unread.path, name), unread.is_new);
    if (unread.is_new) note(joined(unread.path, name), false);
  }
}

UniqueFd FolderWatch::open_folder(const std::string& path) const {
  open_how how{};
  how.flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS;
  return UniqueFd(static_cast<int>(
      ::syscall(SYS_openat2, root_.get(), path.empty() ? "." : path.c_str(), &how, sizeof how)));
}

// False: it needs no reading. A folder that is watched already is the same one at another place: a
// mount of its parent within itself, or one whose move will be heard of next.
bool FolderWatch::add_watch(const UniqueFd& folder, const std::string& path) {
  const std::string link = "/proc/self/fd/" + std::to_string(folder.get());
  const int watch = ::inotify_add_watch(inotify_.get(), link.c_str(), kWatched);
  if (watch >= 0) return folders_.emplace(watch, path).second;
  // Under this errno inotify means fs.inotify.max_user_watches, and a disk has nothing to do with
  // it.
  const std::string why = errno == ENOSPC ? "all of fs.inotify.max_user_watches are in use"
                                          : std::generic_category().message(errno);
  warn(said_watches_, "changes in some folders of " + place_.folder + " will not be told: " + why);
  return false;
}

// It isn't where it was, with everything below; where it is now, it is found anew.
void FolderWatch::forget(const std::string& path) {
  for (auto at = folders_.begin(); at != folders_.end();) {
    if (is_within(at->second, path)) {
      ::inotify_rm_watch(inotify_.get(), at->first);
      at = folders_.erase(at);
    } else {
      ++at;
    }
  }
}

// --- telling ---

void FolderWatch::gather() {
  if (!telling_ && !tell_timer_.active()) tell_timer_.start(kGatherMs);
}

void FolderWatch::tell() {
  if (outgoing_.empty()) {
    outgoing_ = std::exchange(pending_, {});
    poll_->watch(UV_READABLE);
  }
  std::vector<std::string> changed, paths;
  size_t bytes = 0;
  while (!outgoing_.empty() && paths.size() < kMostPaths && bytes < kMostBytes) {
    auto next = outgoing_.extract(outgoing_.begin());
    const auto now = look(next.key());
    if (!now || (is_echo(next.key(), *now) && next.mapped())) continue;
    paths.push_back(place_.destination + "/" + next.key());
    bytes += paths.back().size();
    changed.push_back(std::move(next.key()));
  }
  if (paths.empty()) return;
  telling_ = true;
  sink_(paths, [self = std::weak_ptr(self_), changed] {
    if (const auto watch = self.lock()) (*watch)->told(changed);
  });
}

void FolderWatch::told(const std::vector<std::string>& paths) {
  telling_ = false;
  if (marks_.size() > kMostMarks) marks_.clear();
  for (const std::string& path : paths) {
    if (auto mark = look(path)) {
      Mark& kept = marks_[path];
      mark->told_again = kept.told_again;
      kept = *mark;
    }
  }
  if (!outgoing_.empty() || !pending_.empty()) gather();
}

// Closed, and as the last notice left it, which has been told once more already.
bool FolderWatch::is_echo(const std::string& path, const Mark& now) {
  const auto found = marks_.find(path);
  if (found == marks_.end()) return false;
  Mark& before = found->second;
  const bool same = now.inode == before.inode && now.size == before.size &&
                    now.written.tv_sec == before.written.tv_sec &&
                    now.written.tv_nsec == before.written.tv_nsec;
  if (same) return std::exchange(before.told_again, true);
  marks_.erase(found);
  return false;
}

// Nothing of what is gone, nor of a symbolic link: the guest would follow it.
std::optional<FolderWatch::Mark> FolderWatch::look(const std::string& path) const {
  struct stat now {};
  if (::fstatat(root_.get(), path.c_str(), &now, AT_SYMLINK_NOFOLLOW) != 0) return std::nullopt;
  if (S_ISLNK(now.st_mode)) return std::nullopt;
  return Mark{now.st_ino, now.st_size, now.st_mtim, false};
}

}  // namespace bulkhead::qemu
