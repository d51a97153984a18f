#include "core/loop/child_watch.hpp"

#include <gtest/gtest.h>
#include <sys/wait.h>

#include <csignal>
#include <optional>

#include "bulkhead/child.hpp"
#include "wait.hpp"

namespace bulkhead::loop {
namespace {

ChildEnd end_of(const std::string& script) {
  Loop loop;
  auto child = spawn({.arguments = {"sh", "-c", script}});
  EXPECT_TRUE(child);
  std::optional<ChildEnd> end;
  const ChildWatch watch(loop, std::move(child->pidfd), [&](const ChildEnd& how) { end = how; });
  EXPECT_TRUE(run_until(loop, [&] { return end.has_value(); }));
  return end.value_or(ChildEnd());
}

TEST(ChildWatch, TellsHowAChildEnded) {
  EXPECT_EQ(end_of("exit 3").exit_code, 3);
  EXPECT_EQ(end_of("exit 3").text(), "exited with status 3");
  EXPECT_EQ(end_of("kill -9 $$").signal, SIGKILL);
  EXPECT_EQ(end_of("kill -9 $$").text(), "was killed by signal 9");
}

TEST(ChildWatch, LeavesNoZombie) {
  end_of("exit 0");
  EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1);
}

TEST(ChildWatch, TellsTheEndAlsoOfAChildThatSomebodyElseReaped) {
  Loop loop;
  auto child = spawn({.arguments = {"true"}});
  ASSERT_TRUE(child);
  ASSERT_EQ(::waitpid(child->pid, nullptr, 0), child->pid);
  std::optional<ChildEnd> end;
  const ChildWatch watch(loop, std::move(child->pidfd), [&](const ChildEnd& how) { end = how; });
  ASSERT_TRUE(run_until(loop, [&] { return end.has_value(); }));
  EXPECT_EQ(end->text(), "ended");
}

}  // namespace
}  // namespace bulkhead::loop
