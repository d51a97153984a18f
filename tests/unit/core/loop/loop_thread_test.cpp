// A loop on a thread of its own: order, the end, and what is thrown there.
#include "core/loop/loop_thread.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <stdexcept>

namespace bulkhead::loop {
namespace {

TEST(LoopThread, RunsWhatIsPostedInOrderAndTheLastAtLast) {
  std::vector<int> seen;
  std::thread::id where;
  {
    LoopThread thread([](const char*) {});
    for (int i = 0; i < 100; i++) thread.post([&seen, i] { seen.push_back(i); });
    thread.stop([&] {
      seen.push_back(100);
      where = std::this_thread::get_id();
    });
    thread.post([&] { seen.push_back(101); });
    thread.stop([&] { seen.push_back(102); });
  }
  ASSERT_EQ(seen.size(), 101u);
  for (int i = 0; i <= 100; i++) EXPECT_EQ(seen[static_cast<size_t>(i)], i);
  EXPECT_NE(where, std::this_thread::get_id());
}

TEST(LoopThread, HandlesLiveThere) {
  LoopThread thread([](const char*) {});
  std::promise<void> fired;
  std::unique_ptr<Timer> timer;
  thread.post([&] {
    timer = std::make_unique<Timer>(thread.loop(), [&] { fired.set_value(); });
    timer->start(1);
  });
  fired.get_future().wait();
  thread.stop([&] { timer.reset(); });
}

TEST(LoopThread, AnExceptionCostsOneCall) {
  std::string what;
  std::atomic<bool> went_on = false;
  LoopThread thread([&](const char* caught) { what = caught; });
  thread.post([] { throw std::runtime_error("a bug"); });
  thread.post([&] { went_on = true; });
  thread.stop({});
  EXPECT_EQ(what, "a bug");
  EXPECT_TRUE(went_on);
}

}  // namespace
}  // namespace bulkhead::loop
