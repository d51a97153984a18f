#include "guest/init/container_sockets.hpp"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "guest/core/errors.hpp"
#include "guest/init/files.hpp"

namespace bulkhead::guest {
namespace {

constexpr const char* kDirectory = "/run/sockets";
constexpr int kBacklog = 128;
// Whoever the container's process is may connect, as the reference has it.
constexpr mode_t kMode = 0766;

sockaddr_un address_of(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  return address;
}

}  // namespace

std::string listener_path(uint64_t socket) {
  return std::string(kDirectory) + "/" + std::to_string(socket);
}

// Lines for the host, as it takes them. They are kept while nobody asks; there are at most as many
// as connections may wait.
class ContainerSockets::Notices final : public StreamOwner {
 public:
  void say(const std::string& line) {
    text_ += line;
    if (caller_) caller_->server.resume(caller_->stream);
  }
  void give_to(Caller caller) { caller_.emplace(caller); }
  bool is_given() const { return caller_.has_value(); }

  void take_input(std::string_view bytes) override {
    if (caller_) caller_->server.consumed(caller_->stream, bytes.size());
  }
  void end_input() override {}
  Output fill_output(std::span<uint8_t> space) override {
    size_t step = std::min(space.size(), text_.size());
    memcpy(space.data(), text_.data(), step);
    text_.erase(0, step);
    return {step, step > 0 ? Then::kMore : Then::kWait};
  }
  Headers trailers() override { return {}; }
  void detach() override { caller_.reset(); }

 private:
  std::string text_;
  std::optional<Caller> caller_;
};

ContainerSockets::ContainerSockets(Loop& loop, std::vector<SocketSpec> sockets)
    : loop_(loop), sockets_(std::move(sockets)), notices_(std::make_unique<Notices>()) {}

ContainerSockets::~ContainerSockets() {
  for (const auto& [id, listener] : listeners_) loop_.forget(listener.get());
}

Status ContainerSockets::listen() {
  mkdir(kDirectory, 0711);
  for (const SocketSpec& spec : sockets_) {
    if (!spec.to_host) continue;
    const std::string path = listener_path(spec.id);
    UniqueFd listener(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    sockaddr_un address = address_of(path);
    if (!listener ||
        bind(listener.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 ||
        chmod(path.c_str(), kMode) != 0 || ::listen(listener.get(), kBacklog) != 0)
      return fail_now("listen for the container's " + spec.path);
    int fd = listener.get();
    auto status =
        loop_.watch(fd, EPOLLIN, [this, id = spec.id, fd](uint32_t) { accept_from(id, fd); });
    if (!status) return status;
    listeners_[spec.id] = std::move(listener);
  }
  return {};
}

void ContainerSockets::accept_from(uint64_t socket, int listener) {
  UniqueFd connection(accept4(listener, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
  // More than that at once are refused, which a program that connects in a loop has to bear.
  if (!connection || waiting_.size() >= kMostWaiting) return;
  uint64_t number = next_connection_++;
  waiting_[number] = std::move(connection);
  notices_->say("{\"socket\":" + std::to_string(socket) +
                ",\"connection\":" + std::to_string(number) + "}\n");
}

Result<StreamOwner*> ContainerSockets::notices(Caller caller) {
  if (notices_->is_given())
    return fail(Code::kConflict, "somebody is told of the container's connections already");
  notices_->give_to(caller);
  return notices_.get();
}

Result<StreamOwner*> ContainerSockets::open_tunnel(UniqueFd socket, Caller caller) {
  auto tunnel = std::make_unique<Tunnel>(loop_, std::move(socket), caller);
  if (auto status = tunnel->watch(); !status) return fail(std::move(status.error()));
  tunnels_.push_back(std::move(tunnel));
  return tunnels_.back().get();
}

Result<StreamOwner*> ContainerSockets::take(uint64_t connection, Caller caller) {
  auto found = waiting_.extract(connection);
  if (found.empty()) return fail(Code::kNotFound, "no such connection waits");
  return open_tunnel(std::move(found.mapped()), caller);
}

Result<StreamOwner*> ContainerSockets::connect(uint64_t socket, int root, Caller caller) {
  auto spec = std::find_if(sockets_.begin(), sockets_.end(), [socket](const SocketSpec& one) {
    return !one.to_host && one.id == socket;
  });
  if (spec == sockets_.end()) return fail(Code::kNotFound, "no such socket is published");
  UniqueFd file = open_below(root, spec->path.c_str() + 1, O_PATH, RESOLVE_IN_ROOT);
  if (!file) return fail_now("find the container's " + spec->path);
  UniqueFd connection(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  sockaddr_un address = address_of("/proc/self/fd/" + std::to_string(file.get()));
  if (!connection ||
      ::connect(connection.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0)
    return fail_now("connect to the container's " + spec->path);
  return open_tunnel(std::move(connection), caller);
}

void ContainerSockets::forget_ended() {
  std::erase_if(tunnels_, [](const auto& tunnel) { return tunnel->has_ended(); });
}

}  // namespace bulkhead::guest
