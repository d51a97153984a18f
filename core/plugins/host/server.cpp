#include "server.hpp"

#include <unistd.h>

#include <csignal>
#include <cstdio>

#include "bulkhead/fd_message.hpp"
#include "bulkhead/unix_socket.hpp"
#include "core/plugins/messages.hpp"
#include "idle_memory.hpp"

namespace bulkhead::plugins {
namespace {

// How long a stopped host waits for its last reports to be acknowledged.
constexpr uint64_t kGraceMs = 5'000;

// Silence of this length is rest.
constexpr uint64_t kRestMs = 1'000;

// A connection that has so much to take still is spared progress notes: they are stale by then.
constexpr size_t kSlowConnection = 256 << 10;

// The daemon's log of this host is its standard error.
void complain(std::string_view text) {
  std::fprintf(stderr, "container-plugin-host: %.*s\n", static_cast<int>(text.size()), text.data());
}

std::string hello_of(const bh_entry& entry, bool started) {
  HelloMessage hello;
  hello.pid = ::getpid();
  hello.id = entry.id;
  hello.version = entry.version;
  for (const char* const* name = entry.capabilities; *name != nullptr; name++) {
    hello.capabilities.emplace_back(*name);
  }
  hello.started = started;
  return encode_hello(hello);
}

}  // namespace

HostServer::HostServer(loop::Loop& loop, const bh_entry& entry)
    : loop_(loop),
      wake_(loop, [this] { pump(); }),
      grace_(loop, [this] { loop_.stop(); }),
      rest_(loop, give_back_memory),
      bridge_(entry, outbox_, [this] { wake_.send(); }) {}

HostServer::~HostServer() {
  if (!socket_.empty()) ::unlink(socket_.c_str());
}

Status HostServer::serve(UniqueFd first, const std::string& socket) {
  if (!socket.empty()) {
    auto listening = listen_unix(socket);
    if (!listening) {
      if (first) refuse_plugin(first.get(), listening.error());
      return fail(std::move(listening.error()));
    }
    socket_ = socket;
    listener_ = std::make_unique<loop::Listener>(
        loop_, std::move(*listening),
        [this](UniqueFd connection) { connect(std::move(connection)); });
  }
  terminate_.emplace(loop_, SIGTERM, [this] { stop(); });
  if (first) connect(std::move(first));
  return {};
}

void HostServer::connect(UniqueFd connection) {
  // The socket is 0600; this keeps out whoever could open it nevertheless (not root, which may do
  // anything).
  const auto peer = peer_credentials(connection.get());
  if (!peer || (peer->uid != ::geteuid() && peer->uid != 0)) {
    return complain("refused a connection of another user");
  }
  stream_ = std::make_unique<loop::FdStream>(loop_, std::move(connection));
  decoder_ = FrameDecoder();
  greeted_ = false;
  stream_->set_callbacks(
      {[this](std::string_view bytes, std::vector<UniqueFd>& fds) { received(bytes, fds); },
       [this](const Status&) { disconnected(); }, [this] { end_if_done(); }});
  stream_->resume();
}

void HostServer::disconnected() {
  stream_.reset();
  if (stopping_) return end_if_done();
  if (socket_.empty() || !bridge_.started()) stop();
}

void HostServer::received(std::string_view bytes, std::vector<UniqueFd>& fds) {
  decoder_.feed(bytes, std::move(fds));
  while (stream_) {
    auto frame = decoder_.next();
    if (!frame) {
      complain(frame.error().message);
      return disconnected();
    }
    if (!*frame) return;
    handle(**frame);
  }
}

void HostServer::handle(Frame& frame) {
  if (frame.kind == FrameKind::kHello) return greet(frame);
  if (!greeted_) {
    complain("the daemon did not greet");
    return disconnected();
  }
  switch (frame.kind) {
    case FrameKind::kStart:
      return start(frame);
    case FrameKind::kSubmit:
      return submit(frame);
    case FrameKind::kCancel:
      return bridge_.cancel(frame.op);
    case FrameKind::kStop:
      return stop();
    case FrameKind::kAck:
      outbox_.ack(frame.op);
      return end_if_done();
    case FrameKind::kPing:
      return send(FrameKind::kPong, frame.op, {});
    default:
      return;  // of a newer daemon
  }
}

void HostServer::greet(const Frame& frame) {
  const auto hello = decode_hello(frame.body);
  if (!hello || hello->protocol != kHostProtocol) {
    complain("the daemon speaks another protocol");
    return disconnected();
  }
  greeted_ = true;
  send(FrameKind::kHello, 0, hello_of(bridge_.entry(), bridge_.started()));
  outbox_.rewind();
  pump();
}

void HostServer::start(const Frame& frame) {
  const Status started = bridge_.start(frame.body);
  send(FrameKind::kStarted, 0, started ? std::string() : encode_error(started.error()));
}

void HostServer::submit(const Frame& frame) {
  const auto message = decode_submit(frame.body);
  if (!message) return complain(message.error().message);
  bridge_.submit(frame.op, message->method, message->request, frame.fds);
}

void HostServer::stop() {
  if (stopping_) return;
  stopping_ = true;
  bridge_.stop();
  pump();
  send(FrameKind::kStopped, 0, {});
  grace_.start(kGraceMs);
  end_if_done();
}

// Everything is sent and acknowledged, or nobody is there to do so and nobody is expected.
void HostServer::end_if_done() {
  if (!stopping_) return;
  const bool sent = !stream_ || stream_->queued() == 0;
  const bool nobody = !stream_ && socket_.empty();
  if (nobody || (sent && outbox_.empty())) loop_.stop();
}

void HostServer::pump() {
  rest_.start(kRestMs);
  if (stream_ && greeted_) {
    for (Outbox::Message& message : outbox_.take_unsent()) {
      stream_->write(std::move(message.frame), std::move(message.fds));
    }
  }
  send_notices();
}

void HostServer::send_notices() {
  const bool connected = stream_ && greeted_;
  for (const Bridge::Notice& notice : bridge_.take_notices()) {
    if (!notice.is_log) {
      const bool slow = !connected || stream_->queued() > kSlowConnection;
      if (!slow) send(FrameKind::kProgress, notice.op, notice.text);
    } else if (connected) {
      send(FrameKind::kLog, notice.op, encode_log(notice.level, notice.text));
    } else {
      complain(notice.text);
    }
  }
}

void HostServer::send(FrameKind kind, uint64_t op, std::string_view body) {
  if (stream_ && greeted_) stream_->write(encode_frame(kind, op, body));
}

void refuse_plugin(int connection, const Error& why) {
  HelloMessage hello;
  hello.pid = ::getpid();
  hello.refused = why;
  const std::string frame = encode_frame(FrameKind::kHello, 0, encode_hello(hello));
  // If the daemon is gone, there is nobody left to tell.
  [[maybe_unused]] const Status sent = send_all(connection, frame.data(), frame.size());
}

}  // namespace bulkhead::plugins
