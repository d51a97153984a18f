#include "mount_sources.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>

#include "log.hpp"
#include "model/read_json.hpp"
#include "model/volume_use.hpp"

namespace bulkhead::engine {
namespace {

using Json = nlohmann::json;
using Kind = model::MountSource::Kind;

bool is_host_path(const Json& mount) {
  return !model::member(model::member(mount, "type"), "virtiofs").is_null();
}

// Without symbolic links: the guest would follow them in its own tree.
Result<std::string> real_path(const std::string& path) {
  const std::unique_ptr<char, void (*)(void*)> real(realpath(path.c_str(), nullptr), free);
  if (real) return std::string(real.get());
  if (errno == ENOENT || errno == ENOTDIR)
    return fail(Code::kNotFound, "there is no " + path + " on this host",
                "a folder or file must exist before it can be mounted");
  return fail_errno("find " + path, errno);
}

Result<model::MountSource> look_at(const std::string& path) {
  auto real = real_path(path);
  if (!real) return fail(std::move(real.error()));
  struct stat what {};
  if (stat(real->c_str(), &what) != 0) return fail_errno("look at " + path, errno);
  // An agent makes its socket anew under the same name: it is found at each connection.
  if (S_ISSOCK(what.st_mode)) return model::MountSource{Kind::kSocket, path, {}};
  if (!S_ISREG(what.st_mode) && !S_ISDIR(what.st_mode))
    return fail(Code::kInvalid, path + " is neither a folder nor a file nor a socket");
  if (access(real->c_str(), R_OK) != 0) return fail_errno("read " + path, errno);
  if (S_ISDIR(what.st_mode)) return model::MountSource{Kind::kFolder, *real, {}};
  const std::filesystem::path file(*real);
  return model::MountSource{Kind::kFile, file.parent_path().string(), file.filename().string()};
}

template <class Each>
Status for_each_source(const Json& configuration, const Each& each) {
  for (const Json& mount : model::member(configuration, "mounts")) {
    if (!is_host_path(mount)) continue;
    const std::string path = model::read_text(mount, "source");
    auto source = look_at(path);
    if (!source)
      return fail(std::move(source.error())
                      .context("the mount at " + model::read_text(mount, "destination")));
    if (model::wants_notices(mount) && source->kind != Kind::kFolder)
      return fail(Code::kInvalid, "the mount at " + model::read_text(mount, "destination") +
                                      ": notify is for folders, and " + path + " is none");
    each(path, std::move(*source));
  }
  return {};
}

// A folder with nothing but this file.
void isolate(model::MountSource& source, const std::string& folder) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  const std::string file = source.path + "/" + source.file;
  const std::string link = folder + "/" + source.file;
  if (!error && linkat(AT_FDCWD, file.c_str(), AT_FDCWD, link.c_str(), 0) == 0) {
    source.path = folder;
    return;
  }
  log::info("the machine sees the whole folder of " + file + ", because it can't be linked");
}

}  // namespace

Status check_mount_sources(const model::Json& configuration) {
  return for_each_source(configuration, [](const std::string&, const model::MountSource&) {});
}

Result<model::MountSources> open_mount_sources(const model::Json& configuration,
                                               const std::string& links) {
  std::error_code error;
  std::filesystem::remove_all(links, error);
  model::MountSources sources;
  Status found =
      for_each_source(configuration, [&](const std::string& path, model::MountSource source) {
        if (sources.contains(path)) return;
        if (source.kind == Kind::kFile)
          isolate(source, links + "/" + std::to_string(sources.size()));
        sources.emplace(path, std::move(source));
      });
  if (!found) return fail(std::move(found.error()));
  return sources;
}

}  // namespace bulkhead::engine
