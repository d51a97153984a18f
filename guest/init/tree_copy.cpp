#include "guest/init/tree_copy.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <map>
#include <utility>
#include <vector>

#include "bulkhead/unique_fd.hpp"
#include "guest/core/errors.hpp"

namespace bulkhead::guest {
namespace {

constexpr const char* kUnfinished = ".bulkhead-copy-unfinished";
constexpr int kDeepest = 256;

std::vector<std::string> names_in(int directory) {
  std::vector<std::string> names;
  int again = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR* stream = again < 0 ? nullptr : fdopendir(again);
  if (stream == nullptr) return names;
  while (const dirent* entry = readdir(stream)) {
    if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
      names.emplace_back(entry->d_name);
  }
  closedir(stream);
  return names;
}

std::string descriptor_path(int fd) {
  return "/proc/self/fd/" + std::to_string(fd);
}

// Overlay's own attributes aren't the file's; what the volume's file system or its owner doesn't
// have room or leave for isn't kept.
Status copy_attribute(const std::string& from, const std::string& to, const char* name) {
  if (strncmp(name, "trusted.overlay.", 16) == 0) return {};
  ssize_t size = lgetxattr(from.c_str(), name, nullptr, 0);
  std::string value(static_cast<size_t>(std::max<ssize_t>(size, 0)), '\0');
  size = size < 0 ? size : lgetxattr(from.c_str(), name, value.data(), value.size());
  if (size < 0 || lsetxattr(to.c_str(), name, value.data(), value.size(), 0) == 0 ||
      errno == EOPNOTSUPP || errno == EPERM || errno == EACCES)
    return {};
  return fail_now(std::string("set the attribute ") + name);
}

Status copy_attributes(const std::string& from, const std::string& to) {
  ssize_t size = llistxattr(from.c_str(), nullptr, 0);
  if (size <= 0) return {};
  std::string list(static_cast<size_t>(size), '\0');
  size = llistxattr(from.c_str(), list.data(), list.size());
  for (ssize_t at = 0; at < size; at += static_cast<ssize_t>(strlen(list.c_str() + at)) + 1) {
    if (auto status = copy_attribute(from, to, list.c_str() + at); !status) return status;
  }
  return {};
}

// Holes stay holes.
Status copy_bytes(int from, int to, off_t size) {
  constexpr off_t kAtOnce = 1 << 20;
  off_t at = 0;
  while ((at = lseek(from, at, SEEK_DATA)) >= 0 && at < size) {
    off_t hole = lseek(from, at, SEEK_HOLE);
    if (hole < 0 || lseek(to, at, SEEK_SET) < 0) return fail_now("copy a file");
    while (at < hole) {
      ssize_t sent = sendfile(to, from, &at, static_cast<size_t>(std::min(kAtOnce, hole - at)));
      if (sent < 0) return fail_now("copy a file");
      if (sent == 0) break;
    }
  }
  if ((at < 0 && errno != ENXIO) || ftruncate(to, size) != 0) return fail_now("copy a file");
  return {};
}

// On a folder of the host, files are its user's, whatever the image says.
bool owner_failed(int result) {
  return result != 0 && errno != EPERM;
}

class Copy {
 public:
  explicit Copy(int root) : root_(root) {}

  // path: of `to`, below the root; empty or with "/" at its end.
  Status directory(int from, int to, const std::string& path, int depth) {
    if (depth > kDeepest) return fail(Code::kInvalid, "the image's directories are too deep");
    for (const std::string& name : names_in(from)) {
      if (auto status = entry(from, to, path, name, depth); !status)
        return fail(std::move(status.error()).context(name));
    }
    return {};
  }

 private:
  // Everything is below /proc/self/fd of a directory that is held: no name leads elsewhere.
  Status entry(int from, int to, const std::string& path, const std::string& name, int depth) {
    struct stat status {};
    if (fstatat(from, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) return fail_now("inspect");
    if (!S_ISDIR(status.st_mode) && status.st_nlink > 1 && linked(to, path, name, status))
      return {};
    Status made;
    if (S_ISDIR(status.st_mode)) {
      made = subdirectory(from, to, path, name, depth);
    } else if (S_ISREG(status.st_mode)) {
      made = file(from, to, name, status.st_size);
    } else if (S_ISLNK(status.st_mode)) {
      made = link(from, to, name);
    } else if (mknodat(to, name.c_str(), status.st_mode, status.st_rdev) != 0) {
      // A folder of the host's user has no devices, and nobody could open one there.
      if (errno == EPERM) return {};
      made = fail_now("make a device or pipe");
    }
    if (!made) return made;
    return dress(descriptor_path(from) + "/" + name, to, name, status);
  }

  // Whether it is another name of a file that was copied before. A link that can't be made becomes
  // a file of its own.
  bool linked(int to, const std::string& path, const std::string& name, const struct stat& status) {
    auto [known, added] = links_.try_emplace({status.st_dev, status.st_ino}, path + name);
    return !added && linkat(root_, known->second.c_str(), to, name.c_str(), 0) == 0;
  }

  Status subdirectory(int from, int to, const std::string& path, const std::string& name,
                      int depth) {
    mkdirat(to, name.c_str(), 0700);
    UniqueFd source(openat(from, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    UniqueFd target(openat(to, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!source || !target) return fail_now("make a directory");
    return directory(source.get(), target.get(), path + name + "/", depth + 1);
  }

  static Status file(int from, int to, const std::string& name, off_t size) {
    UniqueFd source(openat(from, name.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
    UniqueFd target(
        openat(to, name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!source || !target) return fail_now("open");
    return copy_bytes(source.get(), target.get(), size);
  }

  static Status link(int from, int to, const std::string& name) {
    char text[4097] = {};
    if (readlinkat(from, name.c_str(), text, sizeof text - 1) < 0 ||
        symlinkat(text, to, name.c_str()) != 0)
      return fail_now("make a symbolic link");
    return {};
  }

  // A change of owner takes bits from the mode and the file's capabilities; times come last.
  static Status dress(const std::string& from, int to, const std::string& name,
                      const struct stat& status) {
    if (owner_failed(fchownat(to, name.c_str(), status.st_uid, status.st_gid, AT_SYMLINK_NOFOLLOW)))
      return fail_now("set the owner");
    if (!S_ISLNK(status.st_mode) && fchmodat(to, name.c_str(), status.st_mode & 07777, 0) != 0)
      return fail_now("set the mode");
    if (auto done = copy_attributes(from, descriptor_path(to) + "/" + name); !done) return done;
    const timespec times[2] = {status.st_atim, status.st_mtim};
    utimensat(to, name.c_str(), times, AT_SYMLINK_NOFOLLOW);
    return {};
  }

  int root_;
  std::map<std::pair<dev_t, ino_t>, std::string> links_;  // where the first name was copied to
};

int remove_one(const char* path, const struct stat*, int, struct FTW*) {
  return remove(path);
}

void clear(int directory) {
  constexpr int kOpenAtOnce = 16;
  for (const std::string& name : names_in(directory)) {
    if (name == "lost+found" || name == kUnfinished) continue;
    nftw((descriptor_path(directory) + "/" + name).c_str(), remove_one, kOpenAtOnce,
         FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
  }
}

}  // namespace

bool is_empty_directory(const std::string& path) {
  UniqueFd directory(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory) return false;
  bool empty = true;
  for (const std::string& name : names_in(directory.get())) {
    if (name == kUnfinished) return true;
    empty = empty && name == "lost+found";
  }
  return empty;
}

Status copy_tree(int from, const std::string& to) {
  UniqueFd target(open(to.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  UniqueFd mark(openat(target.get(), kUnfinished, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
  // The mark is on the disk before anything else is.
  if (!target || !mark || fsync(mark.get()) != 0) return fail_now("begin the copy");
  clear(target.get());
  Copy copy(target.get());
  if (auto status = copy.directory(from, target.get(), "", 0); !status) return status;
  struct stat status {};
  if (fstat(from, &status) != 0 ||
      owner_failed(fchown(target.get(), status.st_uid, status.st_gid)) ||
      fchmod(target.get(), status.st_mode & 07777) != 0)
    return fail_now("set the owner and mode of the volume");
  if (auto done = copy_attributes(descriptor_path(from) + "/.", to); !done) return done;
  // What was copied is on the disk before the mark goes.
  if (syncfs(target.get()) != 0 || unlinkat(target.get(), kUnfinished, 0) != 0)
    return fail_now("end the copy");
  const timespec times[2] = {status.st_atim, status.st_mtim};
  futimens(target.get(), times);
  return {};
}

}  // namespace bulkhead::guest
