#include "bulkhead/unix_socket.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <cerrno>
#include <cstring>
#include <string_view>

namespace bulkhead {
namespace {

// An address and, for a long path, the directory that it leads through.
struct Address {
  sockaddr_un bytes = {};
  UniqueFd directory;

  const sockaddr* raw() const { return reinterpret_cast<const sockaddr*>(&bytes); }
};

bool fill(Address& address, std::string_view path) {
  if (path.empty() || path.size() >= sizeof address.bytes.sun_path) return false;
  address.bytes.sun_family = AF_UNIX;
  std::memcpy(address.bytes.sun_path, path.data(), path.size());
  return true;
}

Result<Address> address_of(const std::string& path) {
  Address address;
  if (fill(address, path)) return address;
  const size_t slash = path.rfind('/');
  if (slash != std::string::npos) {
    const std::string directory = path.substr(0, slash + 1);
    address.directory = UniqueFd(::open(directory.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (!address.directory) return fail_errno("open " + directory, errno);
    const std::string through = "/proc/self/fd/" + std::to_string(address.directory.get());
    if (fill(address, through + path.substr(slash))) return address;
  }
  return fail(Code::kInvalid, "\"" + path + "\" can't be a socket: its name is empty or too long");
}

Result<UniqueFd> new_socket(int flags = 0) {
  UniqueFd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | flags, 0));
  if (!socket) return fail_errno("create a socket", errno);
  return socket;
}

Status connect_to(int socket, const Address& address, const std::string& path) {
  int result = 0;
  do {
    result = ::connect(socket, address.raw(), sizeof address.bytes);
  } while (result != 0 && errno == EINTR);
  if (result != 0) return fail_errno("connect to " + path, errno);
  return {};
}

// Makes way for a new socket: a former owner may have died without removing its own.
Status remove_dead_socket(const Address& address, const std::string& path) {
  struct stat status = {};
  if (::lstat(path.c_str(), &status) != 0) {
    if (errno == ENOENT) return {};
    return fail_errno("look at " + path, errno);
  }
  if (!S_ISSOCK(status.st_mode)) {
    return fail(Code::kConflict, path + " is in the way: it exists and is not a socket");
  }
  auto probe = new_socket();
  if (!probe) return fail(std::move(probe.error()));
  if (connect_to(probe->get(), address, path)) {
    return fail(Code::kConflict, "another process listens on " + path);
  }
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) return fail_errno("remove " + path, errno);
  return {};
}

}  // namespace

Result<UniqueFd> listen_unix(const std::string& path) {
  auto address = address_of(path);
  if (!address) return fail(std::move(address.error()));
  if (auto free = remove_dead_socket(*address, path); !free) return fail(std::move(free.error()));
  auto socket = new_socket();
  if (!socket) return socket;
  if (::fchmod(socket->get(), S_IRUSR | S_IWUSR) != 0) return fail_errno("protect " + path, errno);
  if (::bind(socket->get(), address->raw(), sizeof address->bytes) != 0) {
    return fail_errno("create the socket " + path, errno);
  }
  if (::listen(socket->get(), SOMAXCONN) != 0) return fail_errno("listen on " + path, errno);
  return socket;
}

namespace {

Result<UniqueFd> connect_unix(const std::string& path, int flags) {
  auto address = address_of(path);
  if (!address) return fail(std::move(address.error()));
  auto socket = new_socket(flags);
  if (!socket) return socket;
  if (auto done = connect_to(socket->get(), *address, path); !done) {
    return fail(std::move(done.error()));
  }
  return socket;
}

}  // namespace

Result<UniqueFd> connect_unix(const std::string& path) {
  return connect_unix(path, 0);
}

Result<UniqueFd> connect_unix_at_once(const std::string& path) {
  return connect_unix(path, SOCK_NONBLOCK);
}

Result<std::pair<UniqueFd, UniqueFd>> socket_pair() {
  int ends[2] = {-1, -1};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
    return fail_errno("create a socket pair", errno);
  }
  return std::pair(UniqueFd(ends[0]), UniqueFd(ends[1]));
}

Result<PeerCredentials> peer_credentials(int socket) {
  ucred credentials = {};
  socklen_t size = sizeof credentials;
  if (::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0) {
    return fail_errno("ask who connected", errno);
  }
  return PeerCredentials{credentials.pid, credentials.uid, credentials.gid};
}

}  // namespace bulkhead
