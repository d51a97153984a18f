#include "store/fold.hpp"

#include <charconv>

#include "model/evolve.hpp"
#include "model/time_text.hpp"
#include "store/reader_impl.hpp"
#include "store/row.hpp"

namespace bulkhead::store {
namespace {

constexpr int64_t kRowsPerSnapshot =
    4096;  // a fold of millions must not hold the write-ahead log back

// Rows in (state.seq, last]; returns how many there were.
Result<int64_t> fold_some(SQLite::Database& database, model::State& state, Seq last) {
  static const std::string sql = std::string("SELECT ") + kColumns +
                                 " FROM event WHERE seq>?1 AND seq<=?2 ORDER BY seq LIMIT ?3";
  SQLite::Statement rows(database, sql);
  rows.bind(1, int64_t(state.seq));
  rows.bind(2, int64_t(last));
  rows.bind(3, kRowsPerSnapshot);
  int64_t count = 0;
  for (; rows.executeStep(); count++) {
    Event event = read_envelope(rows);
    // Only an open operation remembers its actor: parsing the others' would be a third of the work.
    bool whole = event.phase == model::Phase::kIntent;
    if (auto good = whole ? read_bodies(rows, event) : read_data(rows, event); !good)
      return fail(std::move(good.error()));
    model::evolve(state, event);
  }
  return count;
}

std::optional<Seq> parse_seq(std::string_view text) {
  Seq seq = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seq);
  if (text.empty() || error != std::errc() || end != text.data() + text.size() || seq < 0)
    return std::nullopt;
  return seq;
}

}  // namespace

Status fold(const Reader& reader, model::State& state, const Until& until) {
  auto last = until.at_us ? reader.seq_at(*until.at_us) : reader.head();
  if (!last) return fail(std::move(last.error()));
  if (until.seq) *last = std::min(*last, *until.seq);
  while (state.seq < *last) {
    auto count = guarded("fold the journal", [&]() -> Result<int64_t> {
      return fold_some(*reader.impl().database, state, *last);
    });
    if (!count) return fail(std::move(count.error()));
    if (*count == 0) break;
  }
  return {};
}

Result<Until> parse_until(const Reader& reader, std::string_view text) {
  if (auto seq = parse_seq(text)) return Until{*seq, std::nullopt};
  if (auto time = model::parse_time(text)) return Until{std::nullopt, *time};
  size_t colon = text.rfind(':');
  if (colon != std::string_view::npos && text.substr(0, colon) == reader.uuid())
    if (auto seq = parse_seq(text.substr(colon + 1))) return Until{*seq, std::nullopt};
  return fail(Code::kInvalid, "\"" + std::string(text) + "\" is no point of this journal",
              "give a sequence number, or a time such as 2026-01-31T12:00:00Z");
}

}  // namespace bulkhead::store
