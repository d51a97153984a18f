// The container's sockets through the wall (guest/PROTOCOL.md).
//
// To the host: this process listens at a path outside the container's tree, /run/sockets/<id>, and
// the path is mounted into it; so no link of the image can lead the listener astray. A connection
// waits under a number until the host, told of it on its one long answer, comes for it.
//
// To the container: the host asks for a connection, and the path is looked up then, within the
// container's root: links there are followed inside it only.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "guest/core/backend.hpp"
#include "guest/core/mount_spec.hpp"
#include "guest/init/tunnel.hpp"

namespace bulkhead::guest {

std::string listener_path(uint64_t socket);

class ContainerSockets {
 public:
  static constexpr size_t kMostWaiting = 1024;

  ContainerSockets(Loop& loop, std::vector<SocketSpec> sockets);
  ~ContainerSockets();

  Status listen();
  Result<StreamOwner*> notices(Caller caller);
  Result<StreamOwner*> take(uint64_t connection, Caller caller);
  Result<StreamOwner*> connect(uint64_t socket, int root, Caller caller);
  void forget_ended();

 private:
  class Notices;

  void accept_from(uint64_t socket, int listener);
  Result<StreamOwner*> open_tunnel(UniqueFd socket, Caller caller);

  Loop& loop_;
  std::vector<SocketSpec> sockets_;
  std::map<uint64_t, UniqueFd> listeners_;
  std::unique_ptr<Notices> notices_;
  std::map<uint64_t, UniqueFd> waiting_;
  uint64_t next_connection_ = 1;
  std::vector<std::unique_ptr<Tunnel>> tunnels_;
};

}  // namespace bulkhead::guest
