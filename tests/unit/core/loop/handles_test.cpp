#include "core/loop/handles.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <optional>
#include <stdexcept>
#include <thread>
#include <vector>

#include "bulkhead/unique_fd.hpp"
#include "wait.hpp"

namespace bulkhead::loop {
namespace {

TEST(Timer, FiresOnceOrRepeatedly) {
  Loop loop;
  int once = 0;
  int often = 0;
  Timer first(loop, [&] { once++; });
  std::optional<Timer> second;
  second.emplace(loop, [&] {
    if (++often == 3) second.reset();
  });
  first.start(0);
  second->start(0, 1);
  loop.run();
  EXPECT_EQ(once, 1);
  EXPECT_EQ(often, 3);
  EXPECT_FALSE(first.active());
}

TEST(Timer, NeverFiresFromWithinStart) {
  Loop loop;
  bool fired = false;
  Timer timer(loop, [&] { fired = true; });
  timer.start(0);
  EXPECT_FALSE(fired);
  EXPECT_TRUE(run_until(loop, [&] { return fired; }));
}

TEST(Timer, StoppedOrDestroyedDoesNotFire) {
  Loop loop;
  Timer stopped(loop, [] { FAIL(); });
  stopped.start(0);
  stopped.stop();
  {
    Timer destroyed(loop, [] { FAIL(); });
    destroyed.start(0);
  }
  loop.run();
}

TEST(Handle, MayBeDestroyedByItsOwnCallback) {
  Loop loop;
  // What the callback captured must live until it has returned.
  auto witness = std::make_shared<int>(7);
  const std::weak_ptr<int> watched = witness;
  std::optional<Timer> timer;
  int seen = 0;
  timer.emplace(loop, [&timer, &seen, witness] {
    timer.reset();
    seen = *witness;
  });
  witness.reset();
  timer->start(0);
  loop.run();
  EXPECT_EQ(seen, 7);
  EXPECT_TRUE(watched.expired());
}

TEST(Async, WakesTheLoopFromAnotherThread) {
  Loop loop;
  std::atomic<int> sent = 0;
  int seen = 0;
  std::optional<Async> async;
  async.emplace(loop, [&] {
    seen = sent;
    if (seen == 100) async.reset();
  });
  std::thread thread([&] {
    for (int i = 0; i < 100; i++) {
      sent++;
      async->send();
    }
  });
  loop.run();
  thread.join();
  EXPECT_EQ(seen, 100) << "several sends may be one callback, but the last is never lost";
}

TEST(Signal, IsHeardByEveryListener) {
  Loop loop;
  int heard = 0;
  std::optional<Signal> first;
  std::optional<Signal> second;
  first.emplace(loop, SIGUSR1, [&] { heard++, first.reset(); });
  second.emplace(loop, SIGUSR1, [&] { heard++, second.reset(); });
  ::raise(SIGUSR1);
  loop.run();
  EXPECT_EQ(heard, 2);
}

TEST(Poll, WatchesWhatItIsToldTo) {
  Loop loop;
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  const UniqueFd reading(ends[0]);
  const UniqueFd writing(ends[1]);
  int readable = 0;
  int writable = 0;
  Poll reader(loop, reading.get(), [&](int) { readable++; });
  Poll writer(loop, writing.get(), [&](int) {
    writable++;
    writer.watch(0);
  });
  reader.watch(UV_READABLE);
  writer.watch(UV_WRITABLE);
  loop.run_once();
  loop.run_once();
  EXPECT_EQ(readable, 0);
  EXPECT_EQ(writable, 1);
  ASSERT_EQ(::write(writing.get(), "x", 1), 1);
  EXPECT_TRUE(run_until(loop, [&] { return readable > 1; })) << "level-triggered";
  reader.watch(0);
  readable = 0;
  loop.run_once();
  EXPECT_EQ(readable, 0);
}

TEST(PollDeath, OfAFileIsABug) {
  const UniqueFd file(::open("/proc/self/exe", O_RDONLY | O_CLOEXEC));
  EXPECT_DEATH(
      {
        Loop loop;
        Poll poll(loop, file.get(), [](int) {});
      },
      "can't be polled");
}

TEST(Loop, ReportsWhatACallbackThrows) {
  Loop loop;
  std::vector<std::string> caught;
  loop.on_exception([&](const char* what) { caught.emplace_back(what); });
  Timer one(loop, [] { throw std::runtime_error("one"); });
  Timer two(loop, [] { throw 2; });
  bool third = false;
  Timer three(loop, [&] { third = true; });
  one.start(0);
  two.start(0);
  three.start(0);
  loop.run();
  EXPECT_EQ(caught, (std::vector<std::string>{"one", "an unknown exception"}));
  EXPECT_TRUE(third) << "one bug doesn't stop the others";
}

TEST(LoopDeath, WithoutADecisionAnExceptionEndsTheProcess) {
  EXPECT_DEATH(
      {
        Loop loop;
        Timer timer(loop, [] { throw std::runtime_error("boom"); });
        timer.start(0);
        loop.run();
      },
      "boom");
}

#ifndef NDEBUG
TEST(LoopDeath, AHandleThatOutlivesItsLoopIsABug) {
  EXPECT_DEATH(
      {
        auto loop = std::make_unique<Loop>();
        Timer outlives(*loop, [] {});
        loop.reset();
      },
      "a timer handle outlives its loop");
}
#endif

}  // namespace
}  // namespace bulkhead::loop
