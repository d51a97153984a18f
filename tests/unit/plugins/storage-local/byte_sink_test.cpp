#include "byte_sink.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <string>
#include <thread>

#include "file_io.hpp"
#include "sandbox.hpp"

namespace bulkhead::storage {
namespace {

Bytes bytes_of_text(const std::string& text) {
  return {reinterpret_cast<const std::byte*>(text.data()), text.size()};
}

struct Ends {
  UniqueFd read, write;
};

Ends pipe_ends() {
  std::array<int, 2> fds{};
  EXPECT_EQ(::pipe2(fds.data(), O_CLOEXEC), 0);
  return {UniqueFd(fds[0]), UniqueFd(fds[1])};
}

Ends socket_ends() {
  std::array<int, 2> fds{};
  EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds.data()), 0);
  return {UniqueFd(fds[0]), UniqueFd(fds[1])};
}

std::string read_to_end(int fd) {
  std::string all;
  std::array<char, 65536> buffer{};
  for (ssize_t n = 0; (n = ::read(fd, buffer.data(), buffer.size())) > 0;)
    all.append(buffer.data(), static_cast<size_t>(n));
  return all;
}

class ByteSink : public testing::TestWithParam<std::string> {
 protected:
  static Ends ends_of_kind() { return GetParam() == "Pipe" ? pipe_ends() : socket_ends(); }
};

TEST_P(ByteSink, WritesMoreThanFitsAtOnce) {
  Ends ends = ends_of_kind();
  std::string content;
  for (int i = 0; content.size() < 1'000'000; ++i) content += std::to_string(i);
  const Task task;
  std::thread writer([&] {
    EXPECT_TRUE(FdSink(ends.write.get(), task).write(bytes_of_text(content)));
    ends.write.reset();
  });
  EXPECT_EQ(read_to_end(ends.read.get()), content);
  writer.join();
}

TEST_P(ByteSink, HearsThatItIsCancelledWhileNobodyReads) {
  Ends ends = ends_of_kind();
  const std::string content(4'000'000, 'x');
  Task task;
  Status written;
  std::thread writer(
      [&] { written = FdSink(ends.write.get(), task).write(bytes_of_text(content)); });
  task.cancelled = true;
  writer.join();
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().code, Code::kRetry);
}

TEST_P(ByteSink, SaysThatTheReaderIsGone) {
  std::signal(SIGPIPE, SIG_IGN);  // as the plugin host has it
  Ends ends = ends_of_kind();
  ends.read.reset();
  const Task task;
  const Status written = FdSink(ends.write.get(), task).write(bytes_of_text("x"));
  ASSERT_FALSE(written);
  EXPECT_NE(written.error().message.find("Broken pipe"), std::string::npos)
      << written.error().message;
}

INSTANTIATE_TEST_SUITE_P(Kinds, ByteSink, testing::Values("Pipe", "Socket"),
                         [](const auto& made) { return made.param; });

TEST(ByteSinkToAFile, WritesItAll) {
  const TempDir dir;
  const Path path = dir.path() / "file";
  const UniqueFd file = *create_file(path);
  const Task task;
  ASSERT_TRUE(FdSink(file.get(), task).write(bytes_of_text("whole")));
  EXPECT_EQ(*read_small_file(path, 100), "whole");
}

}  // namespace
}  // namespace bulkhead::storage
