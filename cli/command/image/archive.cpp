#include "command/image/archive.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "command/table.hpp"

namespace bulkhead::cli {

Result<ArchiveInput> open_archive(Context& context, const std::string& path) {
  if (path.empty() || path == "-") {
    if (isatty(context.in) == 1) {
      return usage(
          "standard input is a terminal: name an archive or redirect one into the command");
    }
    return ArchiveInput{UniqueFd(), context.in, "standard input"};
  }
  UniqueFd file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) return fail_errno("open " + path, errno);
  struct stat status = {};
  if (fstat(file.get(), &status) == 0 && S_ISDIR(status.st_mode)) {
    return fail(Code::kInvalid, "open " + path + ": this is a folder, not an archive");
  }
  const int descriptor = file.get();
  return ArchiveInput{std::move(file), descriptor, path.substr(path.rfind('/') + 1)};
}

}  // namespace bulkhead::cli
