// Unix stream sockets by path: the API's and the plugin hosts'.
//
// sockaddr_un holds 107 bytes, and a data root below a deep home directory is longer. Such a path
// is reached through its directory, opened first: /proc/self/fd/<n>/<name>. A socket is born with
// mode 0600 (the mode is set before bind, so there is no moment in which others may connect), and
// everything here is close-on-exec.
#pragma once

#include <sys/types.h>

#include <string>
#include <utility>

#include "bulkhead/result.hpp"
#include "bulkhead/unique_fd.hpp"

namespace bulkhead {

// Replaces a socket that nobody listens on any more; kConflict if somebody does, or if the path is
// something else.
Result<UniqueFd> listen_unix(const std::string& path);

// kNotFound if there is no such socket, kUnavailable if nobody listens.
Result<UniqueFd> connect_unix(const std::string& path);

// The same for whoever may not wait: kRetry if more are waiting to be accepted than the listener
// has room for. The socket is non-blocking.
Result<UniqueFd> connect_unix_at_once(const std::string& path);

Result<std::pair<UniqueFd, UniqueFd>> socket_pair();

// Who connected, as the kernel saw it at that moment.
struct PeerCredentials {
  pid_t pid = 0;
  uid_t uid = 0;
  gid_t gid = 0;
};
Result<PeerCredentials> peer_credentials(int socket);

}  // namespace bulkhead
