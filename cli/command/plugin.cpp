#include "command/plugin.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace bulkhead::cli {

std::optional<std::string> find_plugin(std::span<const std::string> folders,
                                       const std::string& word) {
  if (word.empty() || word.find('/') != std::string::npos) return std::nullopt;
  for (const std::string& folder : folders) {
    std::string path = folder + "/container-" + word;
    struct stat status = {};
    if (stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode) &&
        access(path.c_str(), X_OK) == 0) {
      return path;
    }
  }
  return std::nullopt;
}

Failure become_plugin(const std::string& path, const std::vector<std::string>& words) {
  std::vector<std::string> copies = {path};
  copies.insert(copies.end(), words.begin(), words.end());
  std::vector<char*> arguments;
  for (std::string& word : copies) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  execv(path.c_str(), arguments.data());
  return fail(Code::kCommandNotExecutable, "execute " + path + ": " + std::strerror(errno));
}

}  // namespace bulkhead::cli
