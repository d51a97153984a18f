// The plugin on one side, frames on the other: implements bh_host for the plugin and calls its
// functions.
//
// Invariants. Each accepted operation gets exactly one completion into the outbox: the plugin's
// first; a refusal's; or, when the plugin was stopped before it completed, "unavailable". A
// completion of an operation that isn't open is dropped and logged. Calls of the plugin happen on
// the loop's thread only; what the plugin calls may come from any thread, touches nothing but the
// outbox and the two queues behind the mutex, and wakes the loop.
#pragma once

#include <functional>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "bulkhead/plugin.h"
#include "bulkhead/result.hpp"
#include "outbox.hpp"

namespace bulkhead::plugins {

class Bridge {
 public:
  // Not numbered and not kept: lost if nobody listens.
  struct Notice {
    bool is_log = false;
    int level = 0;
    uint64_t op = 0;
    std::string text;
  };

  // `wake` [any-thread]: there is something in the outbox or among the notices.
  Bridge(const bh_entry& entry, Outbox& outbox, std::function<void()> wake);
  ~Bridge();
  Bridge(const Bridge&) = delete;
  Bridge& operator=(const Bridge&) = delete;

  Status create();
  Status start(std::string_view config);
  void submit(uint64_t op, const std::string& method, std::string_view request,
              const std::vector<UniqueFd>& fds);
  void cancel(uint64_t op);
  // The plugin is stopped and destroyed; no call of it comes afterwards.
  void stop();

  bool started() const { return state_ == State::kStarted; }
  const bh_entry& entry() const { return entry_; }
  std::vector<Notice> take_notices();

 private:
  enum class State { kLoaded, kCreated, kStarted, kFailed, kStopped };
  struct Host;

  void complete(uint64_t op, std::string_view result, const Error* error, const int* fds,
                uint32_t nfds);
  void answer(uint64_t op, const Error& error);
  void notice(Notice notice);

  const bh_entry& entry_;
  Outbox& outbox_;
  std::function<void()> wake_;
  bh_host host_ = {};
  const bh_plugin* plugin_ = nullptr;
  State state_ = State::kLoaded;

  std::mutex mutex_;  // guards what follows
  std::set<uint64_t> open_;
  std::vector<Notice> notices_;
};

}  // namespace bulkhead::plugins
