#include "published_socket.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>

#include "bulkhead/unix_socket.hpp"

namespace bulkhead::qemu {
namespace {

Failure refused(Error why, const std::string& path) {
  if (why.code == Code::kDenied) {
    return fail(Code::kDenied, "can't create " + path + ": permission denied",
                "publish the socket in a folder that you may write to");
  }
  return fail(std::move(why).context("publish " + path));
}

Status make_folders(const std::string& path) {
  const std::filesystem::path folder = std::filesystem::path(path).parent_path();
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) return fail_errno("make the folder " + folder.string(), error.value());
  return {};
}

}  // namespace

Result<std::unique_ptr<PublishedSocket>> PublishedSocket::create(const std::string& path,
                                                                 std::optional<uint32_t> mode) {
  if (auto made = make_folders(path); !made) return refused(std::move(made.error()), path);
  auto fd = listen_unix(path);
  if (!fd) return refused(std::move(fd.error()), path);
  std::unique_ptr<PublishedSocket> self(new PublishedSocket(path, std::move(*fd)));
  if (mode && ::chmod(path.c_str(), *mode) != 0) {
    return refused(fail_errno("set its mode", errno).value(), path);
  }
  return self;
}

PublishedSocket::PublishedSocket(std::string path, UniqueFd fd)
    : path_(std::move(path)), fd_(std::move(fd)) {
  struct stat status = {};
  if (::lstat(path_.c_str(), &status) != 0) return;
  device_ = status.st_dev;
  inode_ = status.st_ino;
}

PublishedSocket::~PublishedSocket() {
  struct stat status = {};
  if (::lstat(path_.c_str(), &status) != 0) return;
  if (status.st_dev == device_ && status.st_ino == inode_) ::unlink(path_.c_str());
}

void PublishedSocket::accept(loop::Loop& loop, std::function<void(UniqueFd)> accepted) {
  if (listener_) return;
  UniqueFd duplicate(::fcntl(fd_.get(), F_DUPFD_CLOEXEC, 0));
  if (!duplicate) return;
  listener_ = std::make_unique<loop::Listener>(loop, std::move(duplicate), std::move(accepted));
}

}  // namespace bulkhead::qemu
