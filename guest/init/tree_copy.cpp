#include "guest/init/tree_copy.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

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

void copy_attributes(const std::string& from, const std::string& to) {
  char list[4096];
  ssize_t size = llistxattr(from.c_str(), list, sizeof list);
  for (ssize_t at = 0; at < size; at += static_cast<ssize_t>(strlen(list + at)) + 1) {
    char value[4096];
    ssize_t got = lgetxattr(from.c_str(), list + at, value, sizeof value);
    // Overlay's own aren't the file's.
    if (got >= 0 && strncmp(list + at, "trusted.overlay.", 16) != 0)
      lsetxattr(to.c_str(), list + at, value, static_cast<size_t>(got), 0);
  }
}

Status copy_bytes(int from, int to) {
  while (true) {
    ssize_t sent = sendfile(to, from, nullptr, size_t{1} << 20);
    if (sent == 0) return {};
    if (sent < 0 && errno != EINTR) return fail_now("copy a file");
  }
}

class Copy {
 public:
  Status directory(int from, int to, int depth) {
    if (depth > kDeepest) return fail(Code::kInvalid, "the image's directories are too deep");
    for (const std::string& name : names_in(from)) {
      if (auto status = entry(from, to, name, depth); !status)
        return fail(std::move(status.error()).context(name));
    }
    return {};
  }

 private:
  // Everything is below /proc/self/fd of a directory that is held: no name leads elsewhere.
  Status entry(int from, int to, const std::string& name, int depth) {
    struct stat status {};
    if (fstatat(from, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) return fail_now("inspect");
    const std::string target = descriptor_path(to) + "/" + name;
    if (!S_ISDIR(status.st_mode) && status.st_nlink > 1) {
      auto [known, added] = links_.try_emplace({status.st_dev, status.st_ino}, std::pair(to, name));
      // The first one's directory may be closed by now, so only links within one are kept; others
      // become files of their own.
      if (!added && known->second.first == to)
        return linkat(to, known->second.second.c_str(), to, name.c_str(), 0) == 0
                   ? Status()
                   : fail_now("make a link");
    }
    Status made;
    if (S_ISDIR(status.st_mode)) {
      made = subdirectory(from, to, name, depth);
    } else if (S_ISREG(status.st_mode)) {
      made = file(from, to, name);
    } else if (S_ISLNK(status.st_mode)) {
      made = link(from, to, name);
    } else if (mknodat(to, name.c_str(), status.st_mode, status.st_rdev) != 0) {
      made = fail_now("make a device or pipe");
    }
    if (!made) return made;
    return dress(descriptor_path(from) + "/" + name, to, name, status);
  }

  Status subdirectory(int from, int to, const std::string& name, int depth) {
    mkdirat(to, name.c_str(), 0700);
    UniqueFd source(openat(from, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    UniqueFd target(openat(to, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!source || !target) return fail_now("make a directory");
    auto status = directory(source.get(), target.get(), depth + 1);
    std::erase_if(links_, [&](const auto& link) { return link.second.first == target.get(); });
    return status;
  }

  static Status file(int from, int to, const std::string& name) {
    UniqueFd source(openat(from, name.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
    UniqueFd target(
        openat(to, name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!source || !target) return fail_now("open");
    return copy_bytes(source.get(), target.get());
  }

  static Status link(int from, int to, const std::string& name) {
    char text[4097] = {};
    if (readlinkat(from, name.c_str(), text, sizeof text - 1) < 0 ||
        symlinkat(text, to, name.c_str()) != 0)
      return fail_now("make a symbolic link");
    return {};
  }

  // Owner before mode, which a change of owner would take bits from.
  static Status dress(const std::string& from, int to, const std::string& name,
                      const struct stat& status) {
    copy_attributes(from, descriptor_path(to) + "/" + name);
    if (fchownat(to, name.c_str(), status.st_uid, status.st_gid, AT_SYMLINK_NOFOLLOW) != 0)
      return fail_now("set the owner");
    if (!S_ISLNK(status.st_mode) && fchmodat(to, name.c_str(), status.st_mode & 07777, 0) != 0)
      return fail_now("set the mode");
    const timespec times[2] = {status.st_atim, status.st_mtim};
    utimensat(to, name.c_str(), times, AT_SYMLINK_NOFOLLOW);
    return {};
  }

  std::map<std::pair<dev_t, ino_t>, std::pair<int, std::string>> links_;
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
  if (!target || !mark) return fail_now("begin the copy");
  clear(target.get());
  Copy copy;
  if (auto status = copy.directory(from, target.get(), 0); !status) return status;
  struct stat status {};
  if (fstat(from, &status) != 0 || fchown(target.get(), status.st_uid, status.st_gid) != 0 ||
      fchmod(target.get(), status.st_mode & 07777) != 0)
    return fail_now("set the owner and mode of the volume");
  copy_attributes(descriptor_path(from) + "/.", to);
  // What was copied is on the disk before the mark goes.
  if (syncfs(target.get()) != 0 || unlinkat(target.get(), kUnfinished, 0) != 0)
    return fail_now("end the copy");
  return {};
}

}  // namespace bulkhead::guest
