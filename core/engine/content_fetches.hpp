// Content on its way from a registry into the store: registry.fetch writes into a pipe what
// storage.receive reads from it. Each piece comes once, however many pulls wait for it.
//
//     running   both calls are open; pulls join by the digest
//     ending    nobody waits any longer: both are called off, and the store keeps what came
//
// A pull that asks for a piece that is ending waits for the end, and one that waited for a fetch in
// another reference's name sees it fail: both are told kConflict then, and look anew at what is
// missing. A transfer that was wrong after it had begun in the middle is tried once more
// from the beginning: what an earlier one left may be to blame.
#pragma once

#include <functional>
#include <list>
#include <map>
#include <memory>
#include <string>

#include "operations.hpp"
#include "plugin_port.hpp"

namespace bulkhead::engine {

struct WantedContent {
  Json remote;  // "reference", "scheme", "localDomain"?: of registry.fetch
  std::string kind;
  Json content;  // a Descriptor
  int64_t have = 0;

  std::string digest() const;
};

class ContentFetches {
 public:
  ContentFetches(store::Ledger& ledger, PluginPort& storage, PluginPort& registry)
      : ledger_(ledger), storage_(storage), registry_(registry) {}

  struct Watcher {
    OnProgress progress;                        // registry.fetch's notes
    std::function<void(Result<int64_t>)> done;  // bytes that came
  };
  // Destroying it: this one waits no longer.
  class Ticket;
  using TicketPtr = std::shared_ptr<Ticket>;
  TicketPtr fetch(const WantedContent& wanted, const model::Origin& origin, Watcher watcher);

 private:
  struct Transfer;
  struct Waiting {
    Watcher watcher;
    Json remote;  // that it would fetch from
  };
  using TransferPtr = std::shared_ptr<Transfer>;

  void begin(const TransferPtr& transfer);
  void half_done(const TransferPtr& transfer);
  void conclude(const TransferPtr& transfer);
  void leave(const TransferPtr& transfer, uint64_t watcher);

  store::Ledger& ledger_;
  PluginPort& storage_;
  PluginPort& registry_;
  std::map<std::string, TransferPtr> transfers_;  // by digest
  uint64_t next_watcher_ = 1;
};

class ContentFetches::Ticket {
 public:
  Ticket(ContentFetches& owner, TransferPtr transfer, uint64_t watcher)
      : owner_(owner), transfer_(std::move(transfer)), watcher_(watcher) {}
  ~Ticket() { owner_.leave(transfer_, watcher_); }
  Ticket(const Ticket&) = delete;
  Ticket& operator=(const Ticket&) = delete;

 private:
  ContentFetches& owner_;
  TransferPtr transfer_;
  uint64_t watcher_;
};

}  // namespace bulkhead::engine
