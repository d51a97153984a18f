#include "support/session.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "command/dispatch.hpp"

namespace bulkhead::cli::testing {

UniqueFd file_with(const std::string& content) {
  UniqueFd file(memfd_create("test", MFD_CLOEXEC));
  if (pwrite(file.get(), content.data(), content.size(), 0) < 0) file.reset();
  return file;
}

std::string content_of(int fd) {
  std::string text;
  char piece[4096];
  off_t at = 0;
  ssize_t count = 0;
  while ((count = pread(fd, piece, sizeof piece, at)) > 0) {
    text.append(piece, static_cast<size_t>(count));
    at += count;
  }
  return text;
}

Ended Session::run(std::vector<std::string> words) {
  const UniqueFd in = file_with(input);
  const UniqueFd out = file_with("");
  const UniqueFd err = file_with("");
  Context context;
  context.in = in.get();
  context.out = Output(out.get());
  context.err = Output(err.get());
  context.environment = [this](const std::string& name) -> std::optional<std::string> {
    const auto found = environment.find(name);
    if (found == environment.end()) return std::nullopt;
    return found->second;
  };
  context.service = Service(service.socket());
  const int status = dispatch(context, std::move(words));
  return {status, content_of(out.get()), content_of(err.get())};
}

Folder::Folder() {
  char folder[] = "/tmp/bulkhead-cli-test-XXXXXX";
  path_ = mkdtemp(folder);
}

Folder::~Folder() {
  std::filesystem::remove_all(path_);
}

std::string Folder::write(const std::string& name, const std::string& content) const {
  std::ofstream(file(name)) << content;
  return file(name);
}

std::string Folder::read(const std::string& name) const {
  std::ostringstream text;
  text << std::ifstream(file(name)).rdbuf();
  return text.str();
}

}  // namespace bulkhead::cli::testing
