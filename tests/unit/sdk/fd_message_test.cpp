#include "bulkhead/fd_message.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <thread>

#include "bulkhead/unix_socket.hpp"

namespace bulkhead {
namespace {

class FdMessage : public testing::Test {
 protected:
  void SetUp() override {
    auto pair = socket_pair();
    ASSERT_TRUE(pair);
    a_ = std::move(pair->first);
    b_ = std::move(pair->second);
  }
  Result<size_t> receive(size_t room = 100) {
    return receive_message(b_.get(), buffer_, room, fds_);
  }

  UniqueFd a_, b_;
  char buffer_[4096] = {};
  std::vector<UniqueFd> fds_;
};

bool same_file(int a, int b) {
  struct stat first = {};
  struct stat second = {};
  return ::fstat(a, &first) == 0 && ::fstat(b, &second) == 0 && first.st_ino == second.st_ino &&
         first.st_dev == second.st_dev;
}

TEST_F(FdMessage, CarriesDescriptorsInOrder) {
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  const UniqueFd reading(ends[0]);
  const UniqueFd writing(ends[1]);
  const int sent[] = {reading.get(), a_.get()};
  ASSERT_EQ(*send_message(a_.get(), "hello", 5, sent), 5u);
  ASSERT_EQ(*receive(), 5u);
  EXPECT_EQ(std::string_view(buffer_, 5), "hello");
  ASSERT_EQ(fds_.size(), 2u);
  EXPECT_TRUE(same_file(fds_[0].get(), reading.get()));
  EXPECT_TRUE(same_file(fds_[1].get(), a_.get()));
  EXPECT_TRUE(::fcntl(fds_[0].get(), F_GETFD) & FD_CLOEXEC);
}

TEST_F(FdMessage, NeverMixesTheDescriptorsOfTwoMessages) {
  const int fd = a_.get();
  ASSERT_TRUE(send_message(a_.get(), "x", 1));
  ASSERT_TRUE(send_message(a_.get(), "1", 1, {&fd, 1}));
  ASSERT_TRUE(send_message(a_.get(), "2", 1, {&fd, 1}));
  ASSERT_EQ(*receive(), 2u) << "up to and with the first that has descriptors";
  EXPECT_EQ(fds_.size(), 1u);
  ASSERT_EQ(*receive(), 1u);
  EXPECT_EQ(fds_.size(), 2u);
}

TEST_F(FdMessage, TellsEndFromNothingYet) {
  ::fcntl(b_.get(), F_SETFL, O_NONBLOCK);
  EXPECT_EQ(receive().error().code, Code::kRetry);
  a_.reset();
  EXPECT_EQ(receive().value_or(99), 0u);
}

TEST_F(FdMessage, SurvivesAPeerThatIsGone) {
  b_.reset();
  const auto sent = send_message(a_.get(), "x", 1);  // must not raise SIGPIPE
  ASSERT_FALSE(sent);
  EXPECT_EQ(sent.error().code, Code::kUnavailable);
}

TEST_F(FdMessage, RefusesTooMany) {
  const std::vector<int> many(kMaxFdsPerMessage + 1, a_.get());
  EXPECT_FALSE(send_message(a_.get(), "x", 1, many));
  EXPECT_FALSE(send_message(a_.get(), "", 0));
}

TEST_F(FdMessage, RefusesAPeerThatSendsTooMany) {
  // By hand, since ours refuses to.
  constexpr size_t kCount = kMaxFdsPerMessage + 4;
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
  for (size_t i = 0; i < kCount; i++) reinterpret_cast<int*>(CMSG_DATA(header))[i] = a_.get();
  ASSERT_EQ(::sendmsg(a_.get(), &message, 0), 1);
  const auto received = receive();
  ASSERT_FALSE(received);
  EXPECT_EQ(received.error().code, Code::kCorrupt);
}

TEST_F(FdMessage, SendsAllThroughASocketThatIsFull) {
  ::fcntl(a_.get(), F_SETFL, O_NONBLOCK);
  const std::string bytes(4 << 20, 'x');
  const int fd = a_.get();
  std::thread sender([&] {
    EXPECT_TRUE(send_all(a_.get(), bytes.data(), bytes.size(), {&fd, 1}));
  });
  size_t total = 0;
  while (total < bytes.size()) {
    const auto received = receive(sizeof buffer_);
    ASSERT_TRUE(received);
    total += *received;
  }
  sender.join();
  EXPECT_EQ(fds_.size(), 1u) << "with the first byte only";
}

TEST_F(FdMessage, WorksOnPipes) {
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  const UniqueFd reading(ends[0]);
  const UniqueFd writing(ends[1]);
  ASSERT_EQ(*send_message(writing.get(), "abc", 3), 3u);
  EXPECT_EQ(*receive_message(reading.get(), buffer_, sizeof buffer_, fds_), 3u);
  EXPECT_TRUE(fds_.empty());
}

}  // namespace
}  // namespace bulkhead
