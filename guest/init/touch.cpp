#include "guest/init/touch.hpp"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>

#include "guest/init/files.hpp"

namespace bulkhead::guest {

// Only the time of the content: both times together would be IN_ATTRIB, which many watchers pass
// over. Held without being opened: a fifo or a device of the image does nothing.
void touch_paths(int root, const std::vector<std::string>& paths) {
  const timespec times[2] = {{0, UTIME_OMIT}, {0, UTIME_NOW}};
  for (const std::string& path : paths) {
    UniqueFd file = open_below(root, path.c_str(), O_PATH, RESOLVE_IN_ROOT);
    if (file) utimensat(file.get(), "", times, AT_EMPTY_PATH);
  }
}

}  // namespace bulkhead::guest
