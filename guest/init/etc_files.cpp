#include "guest/init/etc_files.hpp"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <string>

#include "bulkhead/unique_fd.hpp"
#include "guest/core/errors.hpp"
#include "guest/init/files.hpp"

namespace bulkhead::guest {
namespace {

constexpr int kDirectory = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;

Status write_new_file(int directory, const char* name, const std::string& text) {
  auto failure = [name] { return fail_now(std::string("write /etc/") + name); };
  if (unlinkat(directory, name, 0) != 0 && errno != ENOENT) return failure();
  UniqueFd file(
      openat(directory, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644));
  if (!file || write(file.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size()))
    return failure();
  return {};
}

Status write_files(const ContainerSpec& spec, int etc) {
  Status status;
  if (spec.resolv_conf) status = write_new_file(etc, "resolv.conf", *spec.resolv_conf);
  if (status && spec.hosts) status = write_new_file(etc, "hosts", *spec.hosts);
  return status;
}

bool has_files(const ContainerSpec& spec) {
  return spec.resolv_conf || spec.hosts;
}

// The directory that overlay would make of the image's /etc when something in it is written: under
// another name until it is whole, because the machine may be killed at any moment. Not a descriptor
// if it takes more than an owner and a mode.
UniqueFd copy_up_etc(const char* image, const std::string& upper) {
  const std::string lower = std::string(image) + "/etc";
  struct stat status {};
  const bool is_there = lstat(lower.c_str(), &status) == 0;
  if (!is_there && errno != ENOENT) return {};
  if (is_there && (!S_ISDIR(status.st_mode) || llistxattr(lower.c_str(), nullptr, 0) != 0))
    return {};
  const std::string draft = upper + ".etc";
  if (mkdir(draft.c_str(), 0755) != 0 && errno != EEXIST) return {};
  UniqueFd etc(open(draft.c_str(), kDirectory));
  if (etc && is_there &&
      (fchown(etc.get(), status.st_uid, status.st_gid) != 0 ||
       fchmod(etc.get(), status.st_mode & 07777) != 0))
    return {};
  if (!etc || rename(draft.c_str(), (upper + "/etc").c_str()) != 0) return {};
  return etc;
}

}  // namespace

Result<bool> write_etc_in_layer(const ContainerSpec& spec, const char* image, const char* upper) {
  if (!has_files(spec)) return true;
  UniqueFd layer(open(upper, kDirectory));
  if (!layer) return fail_now("open the writable layer");
  UniqueFd etc(openat(layer.get(), "etc", kDirectory));
  if (!etc && errno == ENOENT) etc = copy_up_etc(image, upper);
  if (!etc) return false;
  if (auto status = write_files(spec, etc.get()); !status) return fail(std::move(status.error()));
  return true;
}

Status write_etc_in_tree(const ContainerSpec& spec, const char* tree) {
  UniqueFd root(open(tree, O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!root || (mkdirat(root.get(), "etc", 0755) != 0 && errno != EEXIST))
    return fail_now("make the container's /etc");
  UniqueFd etc = open_below(root.get(), "etc", O_PATH | O_DIRECTORY, RESOLVE_IN_ROOT);
  if (!etc) return fail_now("open the container's /etc");
  return write_files(spec, etc.get());
}

}  // namespace bulkhead::guest
