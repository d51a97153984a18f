// A GuestChannel and a FakeGuest with a socket pair between them, on a loop that the test turns.
#pragma once

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>

#include "bulkhead/unix_socket.hpp"
#include "fake_guest.hpp"
#include "guest_channel.hpp"

namespace bulkhead::qemu::test {

inline void set_nonblocking(int fd) {
  ::fcntl(fd, F_SETFL, ::fcntl(fd, F_GETFL) | O_NONBLOCK);
}

// A program at its end of a Unix socket; nothing here waits.
class Peer {
 public:
  Peer() = default;
  explicit Peer(UniqueFd fd) : fd_(std::move(fd)) { set_nonblocking(fd_.get()); }

  // What the kernel takes.
  size_t send(std::string_view bytes) {
    const ssize_t n = ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    return n < 0 ? 0 : static_cast<size_t>(n);
  }
  // Everything that has come so far.
  const std::string& received() {
    char buffer[64 * 1024];
    ssize_t n = 0;
    while (!ended_ && (n = ::recv(fd_.get(), buffer, sizeof buffer, 0)) != 0) {
      if (n < 0 && (errno == EAGAIN || errno == EINTR)) return received_;
      if (n < 0) break;
      received_.append(buffer, static_cast<size_t>(n));
    }
    ended_ = true;
    return received_;
  }
  bool ended() {
    received();
    return ended_;
  }
  void end_sending() { ::shutdown(fd_.get(), SHUT_WR); }
  void close() { fd_.reset(); }

 private:
  UniqueFd fd_;
  std::string received_;
  bool ended_ = false;
};

struct GuestWire : testing::Test {
  std::filesystem::path dir =
      std::filesystem::path(testing::TempDir()) / ("guest_wire." + std::to_string(::getpid()));
  loop::Loop loop;
  FakeGuest guest{false};
  UniqueFd far;
  std::string to_host;
  std::unique_ptr<GuestChannel> channel;

  void SetUp() override {
    std::filesystem::create_directories(dir);
    int ends[2];
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    far.reset(ends[1]);
    set_nonblocking(far.get());
    channel = std::make_unique<GuestChannel>(loop, UniqueFd(ends[0]),
                                             GuestChannel::Callbacks{{}, [](const Error&) {}});
  }
  void TearDown() override {
    channel.reset();
    turn();  // closes the handles
    std::filesystem::remove_all(dir);
  }

  void turn() {
    loop.run_once();
    char buffer[64 * 1024];
    ssize_t n = 0;
    while (far && (n = ::recv(far.get(), buffer, sizeof buffer, 0)) > 0) {
      ASSERT_TRUE(guest.feed({buffer, static_cast<size_t>(n)}));
    }
    to_host += guest.take_output();
    if (!far || to_host.empty()) return;
    n = ::send(far.get(), to_host.data(), to_host.size(), MSG_NOSIGNAL);
    if (n > 0) to_host.erase(0, static_cast<size_t>(n));
  }

  // Turns until it is so. The patience says only when a test gives up.
  template <class Condition>
  testing::AssertionResult until(Condition condition) {
    const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(100);
    while (std::chrono::steady_clock::now() < give_up) {
      if (condition()) return testing::AssertionSuccess();
      turn();
    }
    return testing::AssertionFailure() << "it never happened";
  }
  // Turns until a question to the guest has come back: whatever was under way before has arrived.
  void settle() {
    for (int i = 0; i < 3; ++i) {
      const auto answered = std::make_shared<bool>(false);
      channel->request("/v1/ping", nullptr, std::chrono::seconds(100),
                       [answered](const Result<Json>& answer) { *answered = answer.has_value(); });
      ASSERT_TRUE(until([&] {
        answer_pings();
        return *answered;
      }));
    }
  }
  void answer_pings() {
    for (GuestRequest& request : guest.requests()) {
      if (request.path != "/v1/ping") continue;
      request.path = "answered";
      guest.answer(request.stream, 200, "{}");
    }
  }
};

}  // namespace bulkhead::qemu::test
