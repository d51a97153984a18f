#include "server.hpp"

#include <unistd.h>

#include "bulkhead/unix_socket.hpp"

namespace bulkhead::api {

Result<std::unique_ptr<Server>> Server::listen(loop::Loop& loop, Router router,
                                               const std::string& path) {
  auto socket = listen_unix(path);
  if (!socket) return bulkhead::fail(std::move(socket.error()));
  std::unique_ptr<Server> server(new Server(loop, std::move(router), path));
  server->listener_ = std::make_unique<loop::Listener>(
      loop, std::move(*socket),
      [self = server.get()](UniqueFd fd) { self->accepted(std::move(fd)); });
  return server;
}

Server::~Server() {
  unlink(path_.c_str());
}

void Server::accepted(UniqueFd fd) {
  auto connection = std::make_shared<Connection>(
      loop_, router_, std::move(fd), [this](Connection* closed) { connections_.erase(closed); });
  connections_[connection.get()] = connection;
  connection->begin();
}

}  // namespace bulkhead::api
