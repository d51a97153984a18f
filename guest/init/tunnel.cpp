#include "guest/init/tunnel.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>

#include "guest/core/errors.hpp"

namespace bulkhead::guest {

Tunnel::Tunnel(Loop& loop, UniqueFd socket, Caller caller)
    : loop_(loop), socket_(std::move(socket)), caller_(caller) {}

Tunnel::~Tunnel() {
  if (socket_) loop_.forget(socket_.get());
}

// Edge-triggered: what can be read is remembered until somebody has room for it.
Status Tunnel::watch() {
  return loop_.watch(socket_.get(), EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET,
                     [this](uint32_t events) { ready(events); });
}

void Tunnel::ready(uint32_t events) {
  if (events & EPOLLOUT) flush();
  if (!(events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR))) return;
  readable_ = true;
  caller_.server.resume(caller_.stream);
}

// How much of the bytes is nobody's business any more.
size_t Tunnel::write_now(std::string_view bytes) {
  size_t done = broken_ ? bytes.size() : 0;
  while (done < bytes.size()) {
    ssize_t put = send(socket_.get(), bytes.data() + done, bytes.size() - done, MSG_NOSIGNAL);
    if (put < 0 && errno == EINTR) continue;
    if (put < 0 && errno == EAGAIN) break;
    if (put < 0) {
      broken_ = true;
      done = bytes.size();
      break;
    }
    done += static_cast<size_t>(put);
  }
  caller_.server.consumed(caller_.stream, done);
  return done;
}

void Tunnel::take_input(std::string_view bytes) {
  if (input_.empty()) bytes.remove_prefix(write_now(bytes));
  input_.append(bytes);
}

void Tunnel::end_input() {
  input_ended_ = true;
  if (input_.empty()) shutdown(socket_.get(), SHUT_WR);
}

void Tunnel::flush() {
  if (input_.empty()) return;
  written_ += write_now(std::string_view(input_).substr(written_));
  if (written_ < input_.size()) return;
  std::string().swap(input_);
  written_ = 0;
  if (input_ended_) shutdown(socket_.get(), SHUT_WR);
}

StreamOwner::Output Tunnel::fill_output(std::span<uint8_t> space) {
  if (output_ended_) return {0, Then::kEnd};
  if (!readable_ || space.empty()) return {0, Then::kWait};
  ssize_t got = recv(socket_.get(), space.data(), space.size(), MSG_DONTWAIT);
  if (got > 0) return {static_cast<size_t>(got), Then::kMore};
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) {
    readable_ = false;
    return {0, Then::kWait};
  }
  output_ended_ = true;
  return {0, Then::kEnd};
}

void Tunnel::detach() {
  ended_ = true;
  loop_.forget(socket_.get());
  socket_.reset();
}

}  // namespace bulkhead::guest
