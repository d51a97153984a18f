// The API's socket: listens, and keeps the connections that are open.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "connection.hpp"
#include "core/loop/listener.hpp"
#include "router.hpp"

namespace bulkhead::api {

class Server {
 public:
  // Binds `path` with mode 0600.
  static Result<std::unique_ptr<Server>> listen(loop::Loop& loop, Router router,
                                                const std::string& path);
  ~Server();

  // Nobody new is accepted; whoever is connected stays so.
  void stop_listening() { listener_.reset(); }

 private:
  Server(loop::Loop& loop, Router router, std::string path)
      : loop_(loop), router_(std::move(router)), path_(std::move(path)) {}
  void accepted(UniqueFd fd);

  loop::Loop& loop_;
  Router router_;
  std::string path_;
  std::unique_ptr<loop::Listener> listener_;
  std::map<Connection*, std::shared_ptr<Connection>> connections_;
};

}  // namespace bulkhead::api
