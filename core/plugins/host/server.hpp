// The host's connection with the daemon: one at a time, the newest wins.
//
// Two modes. On a descriptor alone, the host belongs to the daemon that started it and ends with
// the connection. With a socket of its own it outlives the daemon: it goes on without a connection,
// and whoever connects next hears everything that is not acknowledged yet. Only a host that was
// never started has nothing to wait for: it ends when its first connection does, so that a daemon
// that dies in between leaves nothing behind.
//
// The end: asked to (stop, SIGTERM), the plugin is stopped, what is left is sent and acknowledged
// or a grace has passed, then the loop ends.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "bridge.hpp"
#include "bulkhead/frame.hpp"
#include "core/loop/fd_stream.hpp"
#include "core/loop/handles.hpp"
#include "core/loop/listener.hpp"
#include "outbox.hpp"

namespace bulkhead::plugins {

class HostServer {
 public:
  HostServer(loop::Loop& loop, const bh_entry& entry);

  // What create() said; a refusal is told to whoever connects.
  Status create() { return bridge_.create(); }
  // `first` may be empty if there is a socket, the socket may be empty if there is a first
  // connection.
  Status serve(UniqueFd first, const std::string& socket);

  ~HostServer();

 private:
  void connect(UniqueFd connection);
  void disconnected();
  void received(std::string_view bytes, std::vector<UniqueFd>& fds);
  void handle(Frame& frame);
  void greet(const Frame& frame);
  void start(const Frame& frame);
  void submit(const Frame& frame);
  void stop();
  void pump();
  void send_notices();
  void end_if_done();
  void send(FrameKind kind, uint64_t op, std::string_view body);

  loop::Loop& loop_;
  loop::Async wake_;
  loop::Timer grace_;
  loop::Timer rest_;  // restarted whenever something is sent
  std::optional<loop::Signal> terminate_;
  Outbox outbox_;
  Bridge bridge_;
  std::string socket_;  // to be removed in the end
  std::unique_ptr<loop::Listener> listener_;
  std::unique_ptr<loop::FdStream> stream_;
  FrameDecoder decoder_;
  bool greeted_ = false;
  bool stopping_ = false;
};

// For a host that could not load its plugin: says why to the daemon on the other end, and returns.
void refuse_plugin(int connection, const Error& why);

}  // namespace bulkhead::plugins
