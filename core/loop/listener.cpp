#include "listener.hpp"

#include <fcntl.h>
#include <sys/socket.h>

#include <cerrno>

namespace bulkhead::loop {
namespace {

constexpr uint64_t kPauseMs = 100;

}  // namespace

Listener::Listener(Loop& loop, UniqueFd listening, std::function<void(UniqueFd)> accepted)
    : fd_(std::move(listening)),
      accepted_(std::move(accepted)),
      pause_(loop, [this] { poll_.watch(UV_READABLE); }),
      poll_(loop, fd_.get(), [this](int) { accept_all(); }) {
  fcntl(fd_.get(), F_SETFL, fcntl(fd_.get(), F_GETFL) | O_NONBLOCK);
  poll_.watch(UV_READABLE);
}

void Listener::accept_all() {
  auto alive = alive_;
  while (*alive) {
    UniqueFd connection(accept4(fd_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (!connection) {
      if (errno == EMFILE || errno == ENFILE || errno == ENOMEM) {
        poll_.watch(0);
        pause_.start(kPauseMs);
      }
      return;
    }
    auto call = accepted_;
    call(std::move(connection));
  }
}

}  // namespace bulkhead::loop
