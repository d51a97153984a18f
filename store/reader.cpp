#include "store/reader.hpp"

#include <algorithm>

#include "store/database.hpp"
#include "store/journal_file.hpp"
#include "store/reader_impl.hpp"
#include "store/row.hpp"

namespace bulkhead::store {
namespace {

bool is_glob(const std::string& pattern) {
  return pattern.find_first_of("*?[") != std::string::npos;
}

std::string select(const std::string& where, const std::string& rest) {
  return std::string("SELECT ") + kColumns + " FROM event WHERE " + where + " " + rest;
}

// The cheapest way to the rows after ?1: one chain of causes, one stream, or all in order. ?2 is
// what that is restricted to.
SQLite::Statement plan(SQLite::Database& database, Seq after, const Filter& filter) {
  std::string order = "ORDER BY seq LIMIT " + std::to_string(Reader::kMaxScan);
  if (filter.root) {
    // Two indexes: a chain's first event stands under its own seq.
    SQLite::Statement rows(database,
                           select("seq>?1 AND (seq=?2 OR (root=?2 AND root<>seq))", order));
    rows.bind(1, int64_t(after));
    rows.bind(2, int64_t(*filter.root));
    return rows;
  }
  if (!filter.stream.empty() && !is_glob(filter.stream)) {
    SQLite::Statement rows(
        database,
        select("seq>?1 AND stream=?2", "ORDER BY ver LIMIT " + std::to_string(Reader::kMaxScan)));
    rows.bind(1, int64_t(after));
    rows.bind(2, filter.stream);
    return rows;
  }
  SQLite::Statement rows(database, select("seq>?1", order));
  rows.bind(1, int64_t(after));
  return rows;
}

Result<std::vector<Event>> collect(SQLite::Statement& rows) {
  std::vector<Event> events;
  while (rows.executeStep()) {
    auto event = read_event(rows);
    if (!event) return fail(std::move(event.error()));
    events.push_back(std::move(*event));
  }
  return events;
}

Result<std::optional<Event>> single(SQLite::Statement& rows) {
  auto events = collect(rows);
  if (!events) return fail(std::move(events.error()));
  if (events->empty()) return std::optional<Event>();
  return std::optional<Event>(std::move(events->front()));
}

Result<Page> read_page(SQLite::Database& database, Seq after, const Filter& filter,
                       std::size_t limit) {
  SQLite::Transaction snapshot(database);  // the head and the rows are of one moment
  Page page;
  Seq head = scalar(database, "SELECT MAX(seq) FROM event");
  page.next = after;
  SQLite::Statement rows = plan(database, after, filter);
  Seq looked_at = 0;
  while (rows.executeStep()) {
    Event event = read_envelope(rows);
    looked_at++;
    page.next = event.seq;
    if (filter.matches_envelope(event)) {
      if (auto good = read_bodies(rows, event); !good) return fail(std::move(good.error()));
      if (filter.matches_actor(event.actor)) page.events.push_back(std::move(event));
    }
    if (page.events.size() >= limit) return page;
  }
  if (looked_at < Reader::kMaxScan) {
    page.next = std::max(after, head);
    page.at_head = true;
  }
  return page;
}

}  // namespace

Reader::Reader(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Reader::Reader(Reader&&) noexcept = default;
Reader& Reader::operator=(Reader&&) noexcept = default;
Reader::~Reader() = default;

Result<Reader> Reader::open(const std::string& path) {
  auto database = open_database(path, Access::kReadOnly);
  if (!database) return fail(std::move(database.error()));
  auto impl = std::make_unique<Impl>();
  impl->database = std::move(*database);
  auto known = guarded("open " + path, [&]() -> Status {
    if (auto good = check_identity(*impl->database, path); !good) return good;
    auto uuid = journal_uuid(*impl->database);
    if (!uuid) return fail(std::move(uuid.error()));
    impl->uuid = std::move(*uuid);
    impl->first = scalar(*impl->database, "SELECT value FROM meta WHERE key='first_seq'");
    return {};
  });
  if (!known) return fail(std::move(known.error()));
  return Reader(std::move(impl));
}

const std::string& Reader::uuid() const {
  return impl_->uuid;
}
Result<Seq> Reader::first() const {
  return impl_->first;
}

Result<Seq> Reader::head() const {
  return guarded("read the journal", [&]() -> Result<Seq> {
    return std::max(impl_->first - 1, scalar(*impl_->database, "SELECT MAX(seq) FROM event"));
  });
}

Result<Page> Reader::page(Seq after, const Filter& filter, std::size_t limit) const {
  limit = std::clamp<std::size_t>(limit, 1, kMaxPage);
  return guarded("read the journal", [&]() -> Result<Page> {
    return read_page(*impl_->database, after, filter, limit);
  });
}

Result<std::optional<Event>> Reader::event(Seq seq) const {
  return guarded("read the journal", [&]() -> Result<std::optional<Event>> {
    SQLite::Statement rows(*impl_->database, select("seq=?", ""));
    rows.bind(1, int64_t(seq));
    return single(rows);
  });
}

Result<std::optional<Event>> Reader::outcome(Seq op) const {
  return guarded("read the journal", [&]() -> Result<std::optional<Event>> {
    SQLite::Statement rows(*impl_->database, select("op=? AND phase=2", ""));
    rows.bind(1, int64_t(op));
    return single(rows);
  });
}

Result<std::vector<Event>> Reader::stream(const std::string& name, std::size_t limit) const {
  return guarded("read the journal", [&]() -> Result<std::vector<Event>> {
    SQLite::Statement rows(*impl_->database, select("stream=?", "ORDER BY ver DESC LIMIT ?"));
    rows.bind(1, name);
    rows.bind(2, int64_t(limit));
    auto events = collect(rows);
    if (events) std::reverse(events->begin(), events->end());
    return events;
  });
}

Result<std::vector<Event>> Reader::chains(const std::set<Seq>& roots, std::size_t limit) const {
  return guarded("read the journal", [&]() -> Result<std::vector<Event>> {
    std::vector<Event> all;
    SQLite::Statement rows(*impl_->database, select("seq=?1 OR (root=?1 AND root<>seq)",
                                                    "ORDER BY seq DESC LIMIT ?2"));
    for (Seq root : roots) {
      rows.reset();
      rows.bind(1, int64_t(root));
      rows.bind(2, int64_t(limit));
      auto chain = collect(rows);
      if (!chain) return chain;
      std::move(chain->begin(), chain->end(), std::back_inserter(all));
    }
    std::sort(all.begin(), all.end(), [](const Event& a, const Event& b) { return a.seq < b.seq; });
    if (all.size() > limit) all.erase(all.begin(), all.end() - std::ptrdiff_t(limit));
    return all;
  });
}

Result<std::vector<std::string>> Reader::streams(const std::string& glob) const {
  return guarded("read the journal", [&]() -> Result<std::vector<std::string>> {
    SQLite::Statement rows(*impl_->database,
                           "SELECT DISTINCT stream FROM event WHERE stream GLOB ? ORDER BY stream");
    rows.bind(1, glob);
    std::vector<std::string> names;
    while (rows.executeStep()) names.push_back(rows.getColumn(0).getString());
    return names;
  });
}

Result<Seq> Reader::seq_at(int64_t at_us) const {
  return guarded("read the journal", [&]() -> Result<Seq> {
    // From the end backwards: without an index on time, but what is asked for is mostly recent.
    SQLite::Statement rows(*impl_->database,
                           "SELECT seq FROM event WHERE at<=? ORDER BY seq DESC LIMIT 1");
    rows.bind(1, at_us);
    return rows.executeStep() ? rows.getColumn(0).getInt64() : impl_->first - 1;
  });
}

Result<std::vector<Event>> Reader::open_operations() const {
  return guarded("read the journal", [&]() -> Result<std::vector<Event>> {
    SQLite::Statement rows(
        *impl_->database,
        select("seq IN (SELECT i.op FROM event i WHERE i.op IS NOT NULL AND i.phase=1"
               " AND NOT EXISTS(SELECT 1 FROM event o WHERE o.op=i.op AND o.phase=2))",
               "ORDER BY seq"));
    return collect(rows);
  });
}

}  // namespace bulkhead::store
