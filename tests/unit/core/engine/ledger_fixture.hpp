// A real journal in a directory of its own, and a plugin that does what the test tells it to.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <thread>

#include "core/engine/operations.hpp"

namespace bulkhead::engine {

class ScriptedPlugin : public PluginPort {
 public:
  struct Call {
    uint64_t op;
    std::string method;
    Json request;
    Answer answer;
  };
  void call(uint64_t op, const std::string& method, const Json& request, std::vector<UniqueFd>,
            Answer answer) override {
    calls.push_back({op, method, request, std::move(answer)});
  }
  void transact(uint64_t op, const std::string& method, const Json& request,
                std::vector<UniqueFd> fds, OnProgress, FullAnswer answer) override {
    call(op, method, request, std::move(fds), [this, answer](Result<Json> result) {
      answer(std::move(result), std::exchange(to_give, {}));
    });
  }
  void cancel(uint64_t op) override { cancelled.push_back(op); }
  std::vector<UniqueFd> to_give;  // with the next answer of a transaction
  std::vector<Call> calls;        // unanswered ones; the test answers
  std::vector<uint64_t> cancelled;
};

class LedgerTest : public testing::Test {
 protected:
  LedgerTest() {
    char name[] = "/tmp/engine_test.XXXXXX";
    directory_ = mkdtemp(name);
    store::Journal::Options options;
    options.path = directory_ + "/journal.db";
    auto journal = store::Journal::open(std::move(options));
    EXPECT_TRUE(journal) << journal.error().message;
    ledger_ = std::move(*store::Ledger::open(std::move(*journal), nullptr));
    operations_ = std::make_unique<Operations>(*ledger_);
  }
  ~LedgerTest() override {
    operations_.reset();
    ledger_.reset();
    std::filesystem::remove_all(directory_);
  }

  // Delivers commits until `done`, which a broken test never is: the deadline is a guard, not a
  // measure.
  bool settle(const std::function<bool()>& done) {
    auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (!done() && std::chrono::steady_clock::now() < deadline) {
      ledger_->drain();
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return done();
  }

  std::string directory_;
  std::unique_ptr<store::Ledger> ledger_;
  std::unique_ptr<Operations> operations_;
};

}  // namespace bulkhead::engine
