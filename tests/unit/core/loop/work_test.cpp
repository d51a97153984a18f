#include "core/loop/work.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <memory>
#include <stdexcept>
#include <thread>

namespace bulkhead::loop {
namespace {

TEST(RunBlocking, WorksElsewhereAndContinuesHere) {
  Loop loop;
  std::thread::id worked;
  std::thread::id continued;
  run_blocking(
      loop, [&] { worked = std::this_thread::get_id(); },
      [&] { continued = std::this_thread::get_id(); });
  loop.run();
  EXPECT_NE(worked, std::thread::id());
  EXPECT_NE(worked, std::this_thread::get_id());
  EXPECT_EQ(continued, std::this_thread::get_id());
}

TEST(RunBlocking, ReportsWhatTheWorkThrows) {
  Loop loop;
  std::string caught;
  loop.on_exception([&](const char* what) { caught = what; });
  run_blocking(
      loop, [] { throw std::runtime_error("boom"); }, [] { FAIL() << "there is no result"; });
  loop.run();
  EXPECT_EQ(caught, "boom");
}

TEST(RunBlocking, IsWaitedForByTheLoopsEndButNotContinued) {
  auto finished = std::make_shared<std::atomic<bool>>(false);
  std::promise<void> begun;
  std::promise<void> go_on;
  {
    Loop loop;
    run_blocking(
        loop,
        [&begun, finished, released = go_on.get_future().share()] {
          begun.set_value();
          released.wait();
          *finished = true;
        },
        [] { FAIL() << "its owner is gone"; });
    begun.get_future().wait();
    go_on.set_value();
  }
  EXPECT_TRUE(*finished);
}

}  // namespace
}  // namespace bulkhead::loop
