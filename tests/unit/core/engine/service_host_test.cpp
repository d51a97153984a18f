// The storage plugin's host: a real process with a plugin that does as it is told.
#include "core/engine/service_host.hpp"

#include <filesystem>
#include <optional>

#include "ledger_fixture.hpp"
#include "unit/core/loop/wait.hpp"

namespace bulkhead::engine {
namespace {

class ServiceHostTest : public LedgerTest {
 protected:
  bool until(const std::function<bool()>& condition) {
    return loop::run_until(loop_, [&] {
      ledger_->drain();
      return condition();
    });
  }
  loop::Loop loop_;
};

TEST_F(ServiceHostTest, AfterACrashItComesBackAndSaysSo) {
  ServiceHost storage(loop_, *ledger_,
                      {"scripted", BULKHEAD_PLUGIN_HOST, BULKHEAD_SCRIPTED_PLUGIN, Json::object()});
  std::optional<Status> started;
  int restarts = 0;
  storage.on_restarted([&] { ++restarts; });
  storage.start([&](Status status) { started = std::move(status); });
  ASSERT_TRUE(until([&] { return started.has_value(); }));
  ASSERT_TRUE(*started) << started->error().message;
  EXPECT_EQ(restarts, 0);
  storage.ask("test.crash", Json::object(), [](const Result<Json>&) {});
  EXPECT_TRUE(until([&] { return restarts == 1; }));
}

TEST_F(ServiceHostTest, WhatWasStoppedCanBeStartedAgain) {
  ServiceHost names(loop_, *ledger_,
                    {"scripted", BULKHEAD_PLUGIN_HOST, BULKHEAD_SCRIPTED_PLUGIN, Json::object(),
                     false, "not needed"});
  for (int round = 0; round < 2; ++round) {
    std::optional<Status> started;
    names.start([&](Status status) { started = std::move(status); });
    ASSERT_TRUE(until([&] { return started.has_value(); }));
    ASSERT_TRUE(*started) << started->error().message;
    bool stopped = false;
    names.stop([&] { stopped = true; });
    ASSERT_TRUE(until([&] { return stopped; }));
    ASSERT_TRUE(until([&] { return !ledger_->state().plugins.at("scripted").running; }));
    EXPECT_EQ(ledger_->state().plugins.at("scripted").reason, "not needed");
  }
}

// For want of a process or a descriptor; here, of the program.
TEST_F(ServiceHostTest, AHostThatCantBeMadeIsTriedAgain) {
  const std::string program = directory_ + "/container-plugin-host";
  ServiceHost storage(loop_, *ledger_,
                      {"scripted", program, BULKHEAD_SCRIPTED_PLUGIN, Json::object()});
  std::optional<Status> started;
  int restarts = 0;
  storage.on_restarted([&] { ++restarts; });
  storage.start([&](Status status) { started = std::move(status); });
  ASSERT_TRUE(until([&] { return started.has_value(); }));
  EXPECT_FALSE(*started);
  std::filesystem::create_symlink(BULKHEAD_PLUGIN_HOST, program);
  EXPECT_TRUE(until([&] { return restarts == 1; }));
}

}  // namespace
}  // namespace bulkhead::engine
