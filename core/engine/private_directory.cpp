#include "private_directory.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "bulkhead/unique_fd.hpp"

namespace bulkhead::engine {

Status make_private(const std::string& directory) {
  // One object from the look to the change, whatever happens to the name.
  UniqueFd fd(open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd) return fail_errno("open " + directory, errno);
  struct stat found {};
  if (fstat(fd.get(), &found) != 0) return fail_errno("look at " + directory, errno);
  if (found.st_uid != geteuid())
    return fail(Code::kDenied,
                directory + " belongs to user " + std::to_string(found.st_uid) + ", not to " +
                    std::to_string(geteuid()),
                "set CONTAINER_ROOT to a directory of your own");
  if (fchmod(fd.get(), 0700) != 0 || fstat(fd.get(), &found) != 0)
    return fail_errno("make " + directory + " private", errno);
  if ((found.st_mode & 077) != 0)
    return fail(Code::kDenied, directory + " can't be kept from other users",
                "set CONTAINER_ROOT to a directory on a file system with permissions");
  return {};
}

}  // namespace bulkhead::engine
