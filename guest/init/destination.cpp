#include "guest/init/destination.hpp"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>

#include "guest/core/errors.hpp"
#include "guest/init/files.hpp"

namespace bulkhead::guest {
namespace {

constexpr int kMostLinks = 40;  // as the kernel has it

std::string link_text(int directory, const std::string& name) {
  std::string text(PATH_MAX, '\0');
  ssize_t size = readlinkat(directory, name.c_str(), text.data(), text.size());
  text.resize(static_cast<size_t>(std::max<ssize_t>(size, 0)));
  return text;
}

// Makes what is missing of the path. At a link that leads to nothing it stops and answers with the
// path to go on with, which has the link's text in its place; else with nothing. What is wrong
// shows when the whole path is opened.
std::string make_missing(int root, const std::string& path, bool file) {
  for (size_t at = 1, end = 0; at < path.size(); at = end + 1) {
    end = std::min(path.find('/', at), path.size());
    std::string name = path.substr(at, end - at);
    if (name.empty()) continue;
    UniqueFd parent =
        open_below(root, ("." + path.substr(0, at)).c_str(), O_PATH | O_DIRECTORY, RESOLVE_IN_ROOT);
    if (!parent) return {};
    bool plain = file && end == path.size();
    int made = plain ? mknodat(parent.get(), name.c_str(), S_IFREG | 0644, 0)
                     : mkdirat(parent.get(), name.c_str(), 0755);
    if (made == 0 || errno != EEXIST) continue;
    if (open_below(root, ("." + path.substr(0, end)).c_str(), O_PATH, RESOLVE_IN_ROOT)) continue;
    std::string text = link_text(parent.get(), name);
    if (text.empty()) return {};
    return (text.front() == '/' ? text : path.substr(0, at) + text) + path.substr(end);
  }
  return {};
}

}  // namespace

Result<UniqueFd> make_destination(int root, const std::string& path, bool file) {
  std::string real = path;
  for (int links = 0; links < kMostLinks; links++) {
    std::string onward = make_missing(root, real, file);
    if (onward.empty()) break;
    real = std::move(onward);
  }
  UniqueFd place = open_below(root, ("." + real).c_str(), O_PATH, RESOLVE_IN_ROOT);
  struct stat status {};
  if (!place || fstat(place.get(), &status) != 0)
    return fail_now("make " + path + " in the container");
  if (S_ISDIR(status.st_mode) == file)
    return fail(Code::kConflict, path + " of the image is " +
                                     (file ? "a directory, and a file is to be mounted there"
                                           : "no directory, and one is to be mounted there"));
  return place;
}

}  // namespace bulkhead::guest
