// The living part of PluginHost: connection, child, open calls. Apart from it because a callback
// may destroy the PluginHost; whoever is under way in here holds this object until he is out.
//
// The end has two halves that may come in either order: the connection's (after which no report can
// come) and the process's (which tells how). `ended` is said once both are known; a process that
// keeps one waiting for the other is killed, so that there are never two live hosts of one plugin.
#pragma once

#include <map>
#include <optional>

#include "bulkhead/frame.hpp"
#include "core/loop/child_watch.hpp"
#include "core/loop/fd_stream.hpp"
#include "core/loop/handles.hpp"
#include "messages.hpp"
#include "plugin_host.hpp"

namespace bulkhead::plugins {

class PluginHost::Link : public std::enable_shared_from_this<Link> {
 public:
  Link(loop::Loop& loop, std::string name, Events events, Patience patience);

  // Exactly one of them, at once after the constructor.
  Status spawn(const Command& command);
  Status adopt(const std::string& socket);
  // The owner is gone: no callback comes any more.
  void abandon();

  void start(std::string_view config, std::function<void(Status)> done);
  void call(uint64_t op, const std::string& method, std::string_view request,
            std::vector<UniqueFd> fds, Done done);
  void send(FrameKind kind, uint64_t op, std::string_view body = {},
            std::vector<UniqueFd> fds = {});
  void stop();
  void kill(std::string_view why);
  pid_t pid() const { return pid_; }

 private:
  struct OpenCall {
    std::string method;
    Done done;
  };

  void connect(UniqueFd connection);
  void received(std::string_view bytes, std::vector<UniqueFd>& fds);
  void handle(Frame& frame);
  void greeted(const Frame& frame);
  void started(const Frame& frame);
  void completed(Frame& frame);
  void emitted(const Frame& frame);
  void logged(const Frame& frame);
  void progressed(const Frame& frame);
  bool is_repetition(uint64_t report);
  void acknowledge_later(uint64_t report);
  void acknowledge();
  void expect(uint64_t milliseconds, const char* otherwise);
  void ping();
  void disconnected();
  void exited(const loop::ChildEnd& end);
  void end_if_over();
  void fail_open_calls();
  Error gone() const;

  loop::Loop& loop_;
  std::string name_;  // for messages: the plugin's id once it is known
  Events events_;
  Patience patience_;

  pid_t pid_ = 0;
  UniqueFd pidfd_;
  bool ours_ = false;  // a child of this process
  bool outlives_us_ = false;
  std::unique_ptr<loop::ChildWatch> child_;
  std::unique_ptr<loop::FdStream> stream_;
  FrameDecoder decoder_;

  std::function<void(Status)> starting_;
  std::map<uint64_t, OpenCall> calls_;
  uint64_t last_report_ = 0;
  std::vector<uint64_t> unacknowledged_;
  uint64_t pings_ = 0;
  uint64_t pongs_ = 0;
  uint64_t waited_ms_ = 0;  // for the pong of the last ping

  HostEnd end_;
  bool exited_ = false;
  bool over_ = false;  // `ended` was said, or nobody is there to hear it

  const char* overdue_ = "";  // what it is killed for when the deadline passes
  loop::Timer ping_timer_;
  loop::Timer deadline_;
  loop::Timer ack_timer_;
  loop::Timer late_;  // answers calls of a host that is gone, but not from within call()
};

}  // namespace bulkhead::plugins
