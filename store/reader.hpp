// Reads the journal: its own read-only connection, usable from any one thread at a time (open one
// per thread or request).
//
// Each call is one short read transaction. A reader never holds a snapshot between pages, so that a
// slow one costs nobody a growing write-ahead log; the cursor is the seq of the last row looked at.
#pragma once

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "bulkhead/result.hpp"
#include "model/event.hpp"
#include "store/filter.hpp"

namespace bulkhead::store {

using model::Event;
using model::Seq;

struct Page {
  std::vector<Event> events;
  Seq next = 0;          // continue after this one; also moves when nothing matched
  bool at_head = false;  // everything committed at the time of the call has been looked at
};

class Reader {
 public:
  static constexpr std::size_t kMaxPage = 1000;  // events in a page
  static constexpr Seq kMaxScan = 20000;  // rows looked at for a page: bounds the time of one call

  static Result<Reader> open(const std::string& path);
  Reader(Reader&&) noexcept;
  Reader& operator=(Reader&&) noexcept;
  ~Reader();

  const std::string& uuid() const;
  Result<Seq> first() const;
  Result<Seq> head() const;

  Result<Page> page(Seq after, const Filter& filter = {}, std::size_t limit = kMaxPage) const;
  Result<std::optional<Event>> event(Seq seq) const;
  Result<std::optional<Event>> outcome(Seq op) const;
  // The newest `limit` events of a stream, oldest first.
  Result<std::vector<Event>> stream(const std::string& name, std::size_t limit = kMaxPage) const;
  // The newest `limit` events that belong to one of these chains of causes, oldest first.
  Result<std::vector<Event>> chains(const std::set<Seq>& roots, std::size_t limit = kMaxPage) const;
  // Streams whose name matches the GLOB ("image/*web*"), sorted.
  Result<std::vector<std::string>> streams(const std::string& glob) const;
  // The last event at or before a time; first()-1 if all came later.
  Result<Seq> seq_at(int64_t at_us) const;
  // Intents without an outcome, oldest first: what a recovery has to ask after.
  Result<std::vector<Event>> open_operations() const;

  // For fold and verify, which read rows their own way.
  struct Impl;
  Impl& impl() const { return *impl_; }

 private:
  explicit Reader(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace bulkhead::store
