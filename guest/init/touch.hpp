// Changes on the host's side of a share, told to who watches here.
//
// A share has no notices of its own: the host says which files have changed, and setting their time
// to now makes the kernel of the guest send IN_MODIFY to the watchers of the file and of its
// folder. The new time is the file's on the host, too, and is a change of the file there (inotify's
// IN_MODIFY): who forwards changes must look for others (IN_CLOSE_WRITE, IN_MOVED_TO, IN_CREATE),
// or would answer itself for ever.
#pragma once

#include <string>
#include <vector>

namespace bulkhead::guest {

// Paths are looked up below root, links followed inside it only. What is missing or can't be
// written to is nobody's change.
void touch_paths(int root, const std::vector<std::string>& paths);

}  // namespace bulkhead::guest
