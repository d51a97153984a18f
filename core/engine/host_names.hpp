// The names of containers for the host's own programs: a plugin that resolves them on the loopback
// (host-names), told the whole table whenever it has changed.
//
// A process of its own rather than a network's: a network's comes and goes with its containers, and
// speaks for that network alone. It is there while there are a domain and a port. Nothing depends
// on it: a port that somebody else has is a warning, shown by describe(), and tried again until it
// is free.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/loop/handles.hpp"
#include "service_port.hpp"
#include "store/ledger.hpp"

namespace bulkhead::engine {

class HostNames {
 public:
  HostNames(loop::Loop& loop, store::Ledger& ledger, ServicePort& host);
  ~HostNames();

  void begin();
  void close(std::function<void()> closed);
  // {"address", "state", "problem"?}: System.dns of docs/reference/api.md.
  Json describe() const;
  // When the plugin has been told of what is so now, or it has become clear that it can't be; at
  // the latest after a few seconds.
  void when_settled(std::function<void()> then);

 private:
  enum class Life : uint8_t { kOff, kStarting, kOn, kStopping };

  Json wanted() const;  // null: nothing is to be served
  void reconcile();
  void tell(Json table);
  void told(const Result<Json>& result);
  void settle();

  store::Ledger& ledger_;
  ServicePort& host_;
  int subscription_ = 0;
  Life life_ = Life::kOff;
  bool begun_ = false;
  bool closing_ = false;
  bool asking_ = false;
  Json telling_;  // what it is being told
  Json told_;     // what it serves; null: nothing
  std::string problem_;
  std::vector<std::function<void()>> waiting_;
  std::function<void()> closed_;
  loop::Timer soon_;      // one reconciliation for many events
  loop::Timer retry_;     // after a failure
  loop::Timer patience_;  // of those who wait
};

}  // namespace bulkhead::engine
