#include "bulkhead/unix_socket.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <cerrno>
#include <cstring>

namespace bulkhead {
namespace {

// The address, and the directory that must stay open while it is used.
struct Address {
  sockaddr_un name{};
  UniqueFd directory;
};

Result<Address> address_of(const std::string& path) {
  Address address;
  address.name.sun_family = AF_UNIX;
  std::string usable = path;
  if (path.size() >= sizeof address.name.sun_path) {
    size_t slash = path.rfind('/');
    std::string parent = slash == path.npos ? "." : path.substr(0, slash);
    address.directory.reset(open(parent.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (!address.directory) return fail_errno("open " + parent, errno);
    usable = "/proc/self/fd/" + std::to_string(address.directory.get()) + "/" + path.substr(slash + 1);
    if (usable.size() >= sizeof address.name.sun_path) return fail(Code::kInvalid, "the socket's name is too long: " + path);
  }
  memcpy(address.name.sun_path, usable.c_str(), usable.size() + 1);
  return address;
}

const sockaddr* raw(const Address& address) { return reinterpret_cast<const sockaddr*>(&address.name); }

}  // namespace

Result<UniqueFd> listen_unix(const std::string& path) {
  auto address = address_of(path);
  if (!address) return fail(std::move(address.error()));
  UniqueFd fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!fd) return fail_errno("make a socket", errno);
  if (auto other = connect_unix(path)) return fail(Code::kConflict, "somebody listens on " + path + " already");
  unlink(path.c_str());
  // fchmod before bind sets the mode that bind gives the file (Linux); umask would be for the whole process.
  fchmod(fd.get(), 0600);
  if (bind(fd.get(), raw(*address), sizeof address->name) < 0) return fail_errno("bind " + path, errno);
  chmod(path.c_str(), 0600);
  if (listen(fd.get(), 128) < 0) return fail_errno("listen on " + path, errno);
  return fd;
}

Result<UniqueFd> connect_unix(const std::string& path) {
  auto address = address_of(path);
  if (!address) return fail(std::move(address.error()));
  UniqueFd fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!fd) return fail_errno("make a socket", errno);
  if (connect(fd.get(), raw(*address), sizeof address->name) < 0) return fail_errno("connect to " + path, errno);
  return fd;
}

Result<PeerCredentials> peer_credentials(int socket) {
  ucred found{};
  socklen_t size = sizeof found;
  if (getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &found, &size) < 0) return fail_errno("read the peer's credentials", errno);
  return PeerCredentials{found.pid, found.uid, found.gid};
}

Result<std::pair<UniqueFd, UniqueFd>> socket_pair() {
  int fds[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) < 0) return fail_errno("make a socket pair", errno);
  return std::make_pair(UniqueFd(fds[0]), UniqueFd(fds[1]));
}

}  // namespace bulkhead
