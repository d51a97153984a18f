// Unix stream sockets by path, of any length: a sockaddr_un holds 107 bytes, a CONTAINER_ROOT can be longer, so longer paths go
// through a descriptor of their directory (/proc/self/fd/N/name). Everything here is close-on-exec.
#pragma once

#include <sys/types.h>

#include <string>
#include <utility>

#include "bulkhead/result.hpp"
#include "bulkhead/unique_fd.hpp"

namespace bulkhead {

// Binds with mode 0600 from the first moment on, replacing a socket that nobody listens on (kConflict if somebody does).
Result<UniqueFd> listen_unix(const std::string& path);

// kNotFound if there is no such socket, kUnavailable if nobody listens.
Result<UniqueFd> connect_unix(const std::string& path);

struct PeerCredentials {
  pid_t pid = 0;
  uid_t uid = 0;
  gid_t gid = 0;
};
Result<PeerCredentials> peer_credentials(int socket);

Result<std::pair<UniqueFd, UniqueFd>> socket_pair();

}  // namespace bulkhead
