#include "core/loop/fd_stream.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <optional>

#include "bulkhead/unix_socket.hpp"
#include "wait.hpp"

namespace bulkhead::loop {
namespace {

// One end of a pair and what it has heard.
struct End {
  explicit End(Loop& loop, UniqueFd fd) { listen(loop, std::move(fd)); }

  void listen(Loop& loop, UniqueFd fd) {
    stream.emplace(loop, std::move(fd));
    stream->set_callbacks({[this](std::string_view bytes, std::vector<UniqueFd>& received) {
                             heard += bytes;
                             for (UniqueFd& one : received) fds.push_back(std::move(one));
                           },
                           [this](const Status& how) {
                             closings++;
                             status = how;
                           },
                           [this] { drains++; }});
  }

  std::string heard;
  std::vector<UniqueFd> fds;
  int closings = 0;
  Status status;
  int drains = 0;
  std::optional<FdStream> stream;
};

class FdStreamTest : public testing::Test {
 protected:
  void SetUp() override {
    auto pair = socket_pair();
    ASSERT_TRUE(pair);
    a_.emplace(loop_, std::move(pair->first));
    b_.emplace(loop_, std::move(pair->second));
  }
  bool until(const std::function<bool()>& condition) { return run_until(loop_, condition); }
  // Lets everything happen that would happen by itself.
  void settle() {
    for (int i = 0; i < 20; i++) loop_.run_once();
  }

  Loop loop_;
  std::optional<End> a_, b_;
};

TEST_F(FdStreamTest, CarriesBytesBothWays) {
  a_->stream->resume();
  b_->stream->resume();
  a_->stream->write("hello ");
  a_->stream->write("b");
  b_->stream->write("hello a");
  EXPECT_TRUE(until([&] { return b_->heard == "hello b" && a_->heard == "hello a"; }));
  EXPECT_EQ(a_->drains, 0) << "nothing had to be queued";
}

TEST_F(FdStreamTest, CarriesDescriptorsWithTheirBytes) {
  b_->stream->resume();
  std::string before(300'000, 'x');  // more than the socket takes at once
  a_->stream->write(before);
  std::vector<UniqueFd> fds;
  fds.emplace_back(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  fds.emplace_back(::open("/dev/zero", O_RDONLY | O_CLOEXEC));
  a_->stream->write("with", std::move(fds));
  EXPECT_TRUE(until([&] { return b_->heard.size() == before.size() + 4; }));
  ASSERT_EQ(b_->fds.size(), 2u);
  char byte = 'x';
  EXPECT_EQ(::read(b_->fds[0].get(), &byte, 1), 0) << "/dev/null";
  EXPECT_EQ(::read(b_->fds[1].get(), &byte, 1), 1) << "/dev/zero";
}

TEST_F(FdStreamTest, QueuesForASlowPeerAndTellsWhenItHasCaughtUp) {
  const std::string bytes(8 << 20, 'x');
  a_->stream->write(bytes);
  EXPECT_GT(a_->stream->queued(), bytes.size() / 2);
  settle();
  EXPECT_EQ(a_->drains, 0) << "nobody reads";
  b_->stream->resume();
  EXPECT_TRUE(until([&] { return b_->heard.size() == bytes.size(); }));
  EXPECT_TRUE(until([&] { return a_->drains == 1; }));
  EXPECT_EQ(a_->stream->queued(), 0u);
}

TEST_F(FdStreamTest, PausedItHearsNothing) {
  b_->stream->resume();
  a_->stream->write("1");
  EXPECT_TRUE(until([&] { return b_->heard == "1"; }));
  b_->stream->pause();
  a_->stream->write("2");
  settle();
  EXPECT_EQ(b_->heard, "1");
  b_->stream->resume();
  EXPECT_TRUE(until([&] { return b_->heard == "12"; }));
}

TEST_F(FdStreamTest, PausedWithinTheCallbackItReadsNoFurther) {
  const std::string bytes(200'000, 'x');
  size_t heard = 0;
  b_->stream->set_callbacks({[&](std::string_view piece, std::vector<UniqueFd>&) {
                               heard += piece.size();
                               b_->stream->pause();
                             },
                             {},
                             {}});
  b_->stream->resume();
  a_->stream->write(bytes);
  EXPECT_TRUE(until([&] { return heard > 0; }));
  const size_t first = heard;
  settle();
  EXPECT_EQ(heard, first);
}

TEST_F(FdStreamTest, TellsTheEndOnceAndAfterTheLastBytes) {
  b_->stream->resume();
  a_->stream->write("last words");
  a_->stream.reset();
  EXPECT_TRUE(until([&] { return b_->closings > 0; }));
  EXPECT_EQ(b_->heard, "last words");
  EXPECT_TRUE(b_->status);
  EXPECT_FALSE(b_->stream->open());
  b_->stream->write("into the void");
  settle();
  EXPECT_EQ(b_->closings, 1);
}

TEST_F(FdStreamTest, EndsOneDirectionAfterWhatIsQueued) {
  const std::string bytes(1 << 20, 'x');
  bool finished = false;
  b_->stream->set_callbacks(
      {[&](std::string_view piece, std::vector<UniqueFd>&) { b_->heard += piece; },
       [&](const Status&) { b_->closings++; },
       {},
       [&] { finished = true; }});
  a_->stream->resume();
  a_->stream->write(bytes);
  a_->stream->end_writing();
  a_->stream->write("too late");
  b_->stream->resume();
  EXPECT_TRUE(until([&] { return finished; }));
  EXPECT_EQ(b_->heard.size(), bytes.size());
  EXPECT_EQ(b_->closings, 0) << "the other direction goes on";
  b_->stream->write("answer");
  EXPECT_TRUE(until([&] { return a_->heard == "answer"; }));
}

TEST_F(FdStreamTest, TellsAFailedWriteFromTheLoop) {
  b_->stream.reset();
  a_->stream->write("x");
  EXPECT_EQ(a_->closings, 0) << "never from within write()";
  EXPECT_TRUE(until([&] { return a_->closings == 1; })) << "although reading is paused";
  EXPECT_FALSE(a_->status);
  EXPECT_EQ(a_->status.error().code, Code::kUnavailable);
}

TEST_F(FdStreamTest, HearsWhatWasSaidBeforeAWriteFailed) {
  b_->stream->write("last words");
  b_->stream.reset();
  a_->stream->resume();
  a_->stream->write("x");
  EXPECT_TRUE(until([&] { return a_->closings == 1; }));
  EXPECT_EQ(a_->heard, "last words");
}

// A peer that closes with bytes of ours unread resets the connection; libuv reports that as an
// error of the descriptor and stops watching it, while its last words still wait to be read.
TEST_F(FdStreamTest, HearsTheEndOfAPeerThatDidNotListen) {
  a_->stream->write("unread");
  b_->stream->write("last words");
  b_->stream.reset();
  a_->stream->resume();
  EXPECT_TRUE(until([&] { return a_->closings == 1; }));
  EXPECT_EQ(a_->heard, "last words");
}

TEST_F(FdStreamTest, IsGivenAwayInOnePiece) {
  b_->stream->resume();
  a_->stream->write("one");
  EXPECT_TRUE(until([&] { return b_->heard == "one"; }));
  UniqueFd fd = b_->stream->release();
  EXPECT_FALSE(b_->stream->open());
  EXPECT_FALSE(::fcntl(fd.get(), F_GETFL) & O_NONBLOCK);
  a_->stream->write("two");
  char buffer[10] = {};
  EXPECT_EQ(::read(fd.get(), buffer, sizeof buffer), 3);
  // And taken up again.
  b_->listen(loop_, std::move(fd));
  b_->stream->resume();
  a_->stream->write("three");
  EXPECT_TRUE(until([&] { return b_->heard == "onethree"; }));
}

TEST_F(FdStreamTest, MayBeDestroyedByEachOfItsCallbacks) {
  // read
  b_->stream->set_callbacks(
      {[&](std::string_view, std::vector<UniqueFd>&) { b_.reset(); }, {}, {}});
  b_->stream->resume();
  a_->stream->write(std::string(200'000, 'x'));
  EXPECT_TRUE(until([&] { return !b_; }));
  // closed
  a_->stream->set_callbacks({{}, [&](const Status&) { a_.reset(); }, {}});
  a_->stream->resume();
  EXPECT_TRUE(until([&] { return !a_; }));
  // drained
  SetUp();
  a_->stream->set_callbacks({{}, {}, [&] { a_.reset(); }});
  a_->stream->write(std::string(8 << 20, 'x'));
  b_->stream->resume();
  EXPECT_TRUE(until([&] { return !a_; }));
}

TEST_F(FdStreamTest, GivenAwayByItsReadCallbackItIsNotTouchedAgain) {
  UniqueFd given;
  b_->stream->set_callbacks(
      {[&](std::string_view, std::vector<UniqueFd>&) { given = b_->stream->release(); },
       [](const Status&) { FAIL(); },
       {}});
  b_->stream->resume();
  a_->stream->write(std::string(100'000, 'x'));
  EXPECT_TRUE(until([&] { return static_cast<bool>(given); }));
  a_->stream.reset();
  settle();
}

TEST_F(FdStreamTest, RefusesAPeerWithTooManyDescriptors) {
  b_->stream->resume();
  const UniqueFd raw = a_->stream->release();
  constexpr size_t kCount = 20;
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int) * kCount)] = {};
  char byte = 'x';
  iovec piece = {&byte, 1};
  msghdr message = {};
  message.msg_iov = &piece;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  cmsghdr* header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof(int) * kCount);
  for (size_t i = 0; i < kCount; i++) reinterpret_cast<int*>(CMSG_DATA(header))[i] = raw.get();
  ASSERT_EQ(::sendmsg(raw.get(), &message, 0), 1);
  EXPECT_TRUE(until([&] { return b_->closings == 1; }));
  EXPECT_FALSE(b_->status);
}

}  // namespace
}  // namespace bulkhead::loop
