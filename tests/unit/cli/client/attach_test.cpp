// The session against a service played by the test over a socketpair.
#include "client/attach.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <thread>

#include "bulkhead/unix_socket.hpp"
#include "support/fake_service.hpp"
#include "support/session.hpp"

namespace bulkhead::cli {
namespace {

using testing::content_of;
using testing::file_with;
using ::testing::HasSubstr;
using testing::send_bytes;

std::string frame(StreamType type, const std::string& body) {
  std::string bytes;
  append_stream_frames(bytes, type, body);
  return bytes;
}

std::string exit_frame(int code) {
  return frame(StreamType::kControl, R"({"exit": {"exitCode": )" + std::to_string(code) + "}}");
}

// The other end: reads frames until the client closes or `enough` says so.
struct Peer {
  UniqueFd fd;
  StreamFrameDecoder decoder;

  std::optional<StreamFrame> next() {
    while (true) {
      auto found = decoder.next();
      if (!found) return std::nullopt;
      if (*found) return std::move(**found);
      char piece[65536];
      const ssize_t count = recv(fd.get(), piece, sizeof piece, 0);
      if (count <= 0) return std::nullopt;
      decoder.feed({piece, static_cast<size_t>(count)});
    }
  }
};

class Attach : public ::testing::Test {
 protected:
  void SetUp() override {
    int ends[2];
    ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    ours_.reset(ends[0]);
    peer_.fd.reset(ends[1]);
    out_ = file_with("");
    err_ = file_with("");
  }

  Result<ProcessExit> run(int in = -1, const std::string& already_read = {}) {
    SignalQueue signals(forwarded_signals());
    ready_ = true;
    AttachSession session(std::move(ours_), already_read, {in, out_.get(), err_.get(), -1},
                          signals);
    auto end = session.run();
    may_still_run_ = session.may_still_run();
    return end;
  }

  UniqueFd ours_, out_, err_;
  Peer peer_;
  std::atomic<bool> ready_{false};
  bool may_still_run_ = false;
};

TEST_F(Attach, OutputGoesToItsStreamsAndTheExitIsTheResult) {
  send_bytes(peer_.fd.get(), frame(StreamType::kControl, R"({"started": {"pid": 7}})") +
                                 frame(StreamType::kStdout, "out") +
                                 frame(StreamType::kStderr, "err") +
                                 frame(StreamType::kStdout, "put") + exit_frame(3));
  const auto end = run();
  ASSERT_TRUE(end) << end.error().message;
  EXPECT_EQ(end->exit_code, 3);
  EXPECT_EQ(content_of(out_.get()), "output");
  EXPECT_EQ(content_of(err_.get()), "err");
  EXPECT_FALSE(may_still_run_);
}

TEST_F(Attach, WhatCameWithTheUpgradeCounts) {
  const auto end = run(-1, frame(StreamType::kStdout, "early") + exit_frame(0));
  ASSERT_TRUE(end) << end.error().message;
  EXPECT_EQ(content_of(out_.get()), "early");
}

TEST_F(Attach, AFailedStartKeepsItsCode) {
  send_bytes(peer_.fd.get(), frame(StreamType::kControl,
                                   R"({"error": {"code": 127, "message": "no-such: not found"}})"));
  const auto end = run();
  ASSERT_FALSE(end);
  EXPECT_EQ(end.error().code, Code::kCommandNotFound);
  EXPECT_EQ(end.error().message, "no-such: not found");
  EXPECT_FALSE(may_still_run_);
}

TEST_F(Attach, ALostConnectionIsSaidToBeOne) {
  send_bytes(peer_.fd.get(), frame(StreamType::kStdout, "half"));
  peer_.fd.reset();
  const auto end = run();
  ASSERT_FALSE(end);
  EXPECT_THAT(end.error().message, HasSubstr("connection"));
  EXPECT_TRUE(may_still_run_);
  EXPECT_EQ(content_of(out_.get()), "half");
}

TEST_F(Attach, NonsenseIsCorrupt) {
  send_bytes(peer_.fd.get(), std::string("\x09\x00\x00\x00\x00\x00\x00\x00", 8));
  EXPECT_EQ(run().error().code, Code::kCorrupt);
}

TEST_F(Attach, ControlFramesThatAreNoObjectsAreCorrupt) {
  send_bytes(peer_.fd.get(), frame(StreamType::kControl, "[1]"));
  EXPECT_EQ(run().error().code, Code::kCorrupt);
}

TEST_F(Attach, InputArrivesWholeAndEnds) {
  std::string sent;
  for (int i = 0; i < 300000; ++i) sent += static_cast<char>(i * 7);
  const UniqueFd in = file_with(sent);
  std::string received;
  bool ended = false;
  std::thread service([&] {
    while (const auto found = peer_.next()) {
      if (found->type != StreamType::kStdin) continue;
      if (found->body.empty()) {
        ended = true;
        break;
      }
      received += found->body;
    }
    send_bytes(peer_.fd.get(), exit_frame(0));
  });
  const auto end = run(in.get());
  service.join();
  ASSERT_TRUE(end) << end.error().message;
  EXPECT_TRUE(ended);
  EXPECT_TRUE(received == sent);
}

TEST_F(Attach, AServiceThatReadsNoInputStillEndsTheSession) {
  const UniqueFd in(open("/dev/zero", O_RDONLY));
  send_bytes(peer_.fd.get(), frame(StreamType::kStdout, "enough") + exit_frame(4));
  const auto end = run(in.get());
  ASSERT_TRUE(end) << end.error().message;
  EXPECT_EQ(end->exit_code, 4);
}

TEST_F(Attach, SignalsArePassedOn) {
  int signal = 0;
  std::thread service([&] {
    while (!ready_) std::this_thread::yield();
    kill(getpid(), SIGUSR1);
    while (const auto found = peer_.next()) {
      if (found->type == StreamType::kControl && found->body.find("signal") != std::string::npos) {
        signal = atoi(found->body.c_str() + found->body.find_first_of("0123456789"));
        break;
      }
    }
    send_bytes(peer_.fd.get(), exit_frame(128 + signal));
  });
  const auto end = run();
  service.join();
  ASSERT_TRUE(end) << end.error().message;
  EXPECT_EQ(signal, SIGUSR1);
  EXPECT_EQ(end->exit_code, 128 + SIGUSR1);
}

TEST_F(Attach, TheThirdRequestToEndLeavesTheProcessAlone) {
  std::thread service([&] {
    while (!ready_) std::this_thread::yield();
    for (int i = 0; i < 3; ++i) kill(getpid(), i == 1 ? SIGTERM : SIGINT);
    while (peer_.next()) {
    }
  });
  const auto end = run();
  service.join();
  ASSERT_FALSE(end);
  EXPECT_THAT(end.error().message, HasSubstr("three times"));
  EXPECT_TRUE(may_still_run_);
}

TEST_F(Attach, ASlowReaderGetsEverything) {
  int ends[2];
  ASSERT_EQ(pipe2(ends, O_CLOEXEC), 0);
  const UniqueFd reading(ends[0]);
  out_.reset(ends[1]);
  const std::string sent(1 << 20, 'x');
  std::thread service([&] {
    send_bytes(peer_.fd.get(), frame(StreamType::kStdout, sent));
    send_bytes(peer_.fd.get(), exit_frame(0));
  });
  size_t received = 0;
  std::thread reader([&] {
    char piece[5000];
    for (ssize_t count; (count = read(reading.get(), piece, sizeof piece)) > 0;)
      received += static_cast<size_t>(count);
  });
  const auto end = run();
  out_.reset();
  service.join();
  reader.join();
  ASSERT_TRUE(end) << end.error().message;
  EXPECT_EQ(received, sent.size());
}

}  // namespace
}  // namespace bulkhead::cli
