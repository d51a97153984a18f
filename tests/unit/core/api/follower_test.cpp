#include "core/api/follower.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "core/loop/loop.hpp"

namespace bulkhead::api {
namespace {

// A client that takes everything at once.
class Client : public Exchange {
 public:
  void reply(int, const Json&) override { ended_ = true; }
  void fail(const Error&) override { ended_ = true; }
  void begin(int, const std::string&) override {}
  void write(std::string bytes) override { got_ += bytes; }
  void end() override { ended_ = true; }
  void abort() override { aborted_ = true; }
  size_t queued() const override { return 0; }
  void on_drained(std::function<void()>) override {}
  void on_closed(std::function<void()> callback) override { closed_ = std::move(callback); }
  Result<UniqueFd> hand_over(const std::string&) override { return UniqueFd(); }

  std::string got_;
  bool ended_ = false;
  bool aborted_ = false;
  std::function<void()> closed_;
};

class FollowerTest : public testing::Test {
 protected:
  FollowerTest() {
    char name[] = "/tmp/follower_test.XXXXXX";
    directory_ = mkdtemp(name);
    source_.path = directory_ + "/log";
    source_.render = [](const std::string& line) { return line + "\n"; };
  }
  ~FollowerTest() override {
    client_->closed_ = {};
    std::filesystem::remove_all(directory_);
  }
  void append(const std::string& text) { std::ofstream(source_.path, std::ios::app) << text; }
  // Whatever is sent, the file has grown by more before the next look.
  void write_faster_than_it_is_read() {
    source_.render = [this](const std::string& line) {
      append(line + "+\n" + line + "+\n");
      return line + "\n";
    };
  }
  void start() { Follower::start(loop_, client_, "text/plain", source_); }
  void turns(int count) {
    for (int turn = 0; turn < count; ++turn) loop_.run_once();
  }

  loop::Loop loop_;
  std::string directory_;
  Follower::Source source_;
  std::shared_ptr<Client> client_ = std::make_shared<Client>();
};

TEST_F(FollowerTest, SendsWhatThereIs) {
  append("a\nb\n");
  start();
  turns(3);
  EXPECT_EQ(client_->got_, "a\nb\n");
  EXPECT_TRUE(client_->ended_);
}

TEST_F(FollowerTest, EndsThoughTheWriterIsFaster) {
  append("a\nb\n");
  write_faster_than_it_is_read();
  start();
  turns(10);
  EXPECT_EQ(client_->got_, "a\nb\n");
  EXPECT_TRUE(client_->ended_);
}

TEST_F(FollowerTest, KnowsTheLastLinesThoughTheWriterIsFaster) {
  append("a\nb\n");
  source_.tail = 1;
  write_faster_than_it_is_read();
  start();
  turns(10);
  EXPECT_EQ(client_->got_, "b\n");
  EXPECT_TRUE(client_->ended_);
}

TEST_F(FollowerTest, GoesOnFromTheLastLines) {
  append("a\nb\n");
  source_.tail = 1;
  source_.follow = true;
  bool ended = false;
  source_.ended = [&] { return ended; };
  start();
  append("c\n");
  turns(3);
  ended = true;
  while (!client_->ended_) loop_.run_once();
  EXPECT_EQ(client_->got_, "b\nc\n");
}

TEST_F(FollowerTest, GivesTheLoopBackAndStopsWhenTheClientHasGone) {
  append(std::string(100, 'x') + "\n");
  source_.follow = true;
  source_.ended = [] { return false; };
  // A piece of the file for each that is read: there is always more.
  const std::string piece(70'000, 'y');
  source_.render = [this, &piece](const std::string& line) {
    append(piece + "\n");
    return line + "\n";
  };
  start();
  turns(2);
  client_->closed_();
  turns(2);
  const size_t got = client_->got_.size();
  turns(5);
  EXPECT_EQ(client_->got_.size(), got);
  EXPECT_FALSE(client_->ended_);
}

}  // namespace
}  // namespace bulkhead::api
