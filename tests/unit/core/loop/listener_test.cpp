#include "core/loop/listener.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <optional>
#include <vector>

#include "bulkhead/unix_socket.hpp"
#include "unit/sdk/temporary_directory.hpp"
#include "wait.hpp"

namespace bulkhead::loop {
namespace {

TEST(Listener, AcceptsEverybody) {
  const TemporaryDirectory directory;
  Loop loop;
  std::vector<UniqueFd> accepted;
  Listener listener(loop, std::move(*listen_unix(directory / "s")),
                    [&](UniqueFd fd) { accepted.push_back(std::move(fd)); });
  std::vector<UniqueFd> clients;
  for (int i = 0; i < 5; i++) clients.push_back(std::move(*connect_unix(directory / "s")));
  EXPECT_TRUE(run_until(loop, [&] { return accepted.size() == 5; }));
  EXPECT_TRUE(::fcntl(accepted[0].get(), F_GETFD) & FD_CLOEXEC);
}

TEST(Listener, MayBeDestroyedByItsCallback) {
  const TemporaryDirectory directory;
  Loop loop;
  int accepted = 0;
  std::optional<Listener> listener;
  listener.emplace(loop, std::move(*listen_unix(directory / "s")), [&](const UniqueFd&) {
    accepted++;
    listener.reset();
  });
  const auto first = connect_unix(directory / "s");
  const auto second = connect_unix(directory / "s");
  EXPECT_TRUE(run_until(loop, [&] { return accepted == 1; }));
  loop.run_once();
  EXPECT_EQ(accepted, 1);
}

TEST(Listener, OutOfDescriptorsItTriesAgainLater) {
  const TemporaryDirectory directory;
  Loop loop;
  std::vector<UniqueFd> accepted;
  Listener listener(loop, std::move(*listen_unix(directory / "s")),
                    [&](UniqueFd fd) { accepted.push_back(std::move(fd)); });
  const auto client = connect_unix(directory / "s");
  ASSERT_TRUE(client);
  loop.run_once();
  accepted.clear();
  const auto waiting = connect_unix(directory / "s");
  rlimit before = {};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  rlimit none = before;
  none.rlim_cur = static_cast<rlim_t>(waiting->get()) + 1;
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
  // Fill whatever is left below the limit.
  std::vector<UniqueFd> filler;
  while (true) {
    UniqueFd fd(::dup(STDIN_FILENO));
    if (!fd) break;
    filler.push_back(std::move(fd));
  }
  for (int i = 0; i < 5; i++) loop.run_once();
  EXPECT_TRUE(accepted.empty());
  filler.clear();
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
  EXPECT_TRUE(run_until(loop, [&] { return accepted.size() == 1; }));
}

}  // namespace
}  // namespace bulkhead::loop
