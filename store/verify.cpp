#include "store/verify.hpp"

#include <algorithm>
#include <cstring>

#include "store/canonical.hpp"
#include "store/reader_impl.hpp"
#include "store/row.hpp"

namespace bulkhead::store {
namespace {

constexpr std::size_t kMaxProblems = 100;
constexpr int64_t kRowsPerSnapshot = 4096;

// Looks up what a row refers to instead of remembering the rows before it: the daemon's memory must
// not grow with history.
class Check {
 public:
  Check(SQLite::Database& database, Seq first, Seq after)
      : database_(database),
        rows_(database,
              std::string("SELECT ") + kColumns + " FROM event WHERE seq>? ORDER BY seq LIMIT ?"),
        parent_(database, "SELECT root, phase FROM event WHERE seq=?"),
        version_(database, "SELECT seq FROM event WHERE stream=? AND ver=?"),
        carried_(scalar(database,
                        "SELECT EXISTS(SELECT 1 FROM carried_stream)"
                        " OR EXISTS(SELECT 1 FROM carried_op)") != 0),
        first_(first),
        last_(std::max(after, first - 1)) {}

  // False at the end of the journal.
  bool some() {
    SQLite::Transaction snapshot(database_);
    rows_.reset();
    rows_.bind(1, int64_t(last_));
    rows_.bind(2, kRowsPerSnapshot);
    int64_t count = 0;
    for (; rows_.executeStep(); count++) row();
    rows_.reset();
    result_.events += count;
    return count > 0;
  }

  void checkpoints() {
    SQLite::Statement beyond(database_, "SELECT size FROM checkpoint WHERE size>? ORDER BY size");
    beyond.bind(1, int64_t(last_ - first_ + 1));
    while (beyond.executeStep())
      problem("a checkpoint of " + std::to_string(beyond.getColumn(0).getInt64()) +
              " events is larger than the journal");
  }

  // Covering indexes only, for a journal may be long.
  void open_operations() {
    SQLite::Statement open(database_,
                           "SELECT op FROM event i WHERE op IS NOT NULL AND phase=1 AND NOT EXISTS"
                           "(SELECT 1 FROM event o WHERE o.op=i.op AND o.phase=2) ORDER BY op"
                           " LIMIT ?");
    open.bind(1, int64_t(kMaxProblems));
    while (open.executeStep()) result_.open.push_back(open.getColumn(0).getInt64());
  }

  Verification take() { return std::move(result_); }

 private:
  void problem(std::string sentence) {
    if (result_.problems.size() < kMaxProblems) result_.problems.push_back(std::move(sentence));
  }
  void problem(const Event& event, const std::string& what) {
    problem("event " + std::to_string(event.seq) + " (" + event.type + "): " + what);
  }

  void row() {
    Event event = read_envelope(rows_);
    if (event.seq != last_ + 1)
      problem("events " + std::to_string(last_ + 1) + " to " + std::to_string(event.seq - 1) +
              " are missing");
    last_ = event.seq;
    leaf(event);
    if (auto good = read_bodies(rows_, event); !good) problem(event, "its data is not JSON");
    version(event);
    chain(event);
  }

  void leaf(const Event& event) {
    Leaf expected = leaf_hash(event, actor_text(rows_), data_text(rows_));
    SQLite::Column stored = rows_.getColumn(13);
    bool same = size_t(stored.getBytes()) == expected.size() &&
                std::memcmp(stored.getBlob(), expected.data(), expected.size()) == 0;
    if (!same) problem(event, "it doesn't match its leaf hash");
  }

  // Every version but a stream's first has its predecessor before it.
  void version(const Event& event) {
    if (event.ver == 1) return;
    version_.reset();
    version_.bindNoCopy(1, event.stream);
    version_.bind(2, event.ver - 1);
    bool found = version_.executeStep() && version_.getColumn(0).getInt64() < event.seq;
    version_.reset();
    if (!found && !carried_)
      problem(event,
              event.stream + " has no version " + std::to_string(event.ver - 1) + " before it");
  }

  void chain(const Event& event) {
    bool intent = event.phase == model::Phase::kIntent;
    bool outcome = event.phase == model::Phase::kOutcome;
    if (intent && event.op != event.seq) problem(event, "an intent whose operation isn't its own");
    if (!intent && !outcome && event.op) problem(event, "a fact with an operation");
    if (outcome && (!event.op || (!is_intent(*event.op) && !carried_)))
      problem(event, "an outcome without an intent");
    if (event.cause && *event.cause >= event.seq) problem(event, "its cause comes after it");

    std::optional<Seq> parent = event.cause ? event.cause : outcome ? event.op : std::nullopt;
    Seq expected = parent ? root_of(*parent) : event.seq;
    if (event.root != expected)
      problem(event,
              "its root is " + std::to_string(event.root) + ", not " + std::to_string(expected));
  }

  bool look_up(Seq seq) {
    parent_.reset();
    parent_.bind(1, int64_t(seq));
    return parent_.executeStep();
  }
  Seq root_of(Seq seq) { return look_up(seq) ? parent_.getColumn(0).getInt64() : seq; }
  bool is_intent(Seq seq) { return look_up(seq) && parent_.getColumn(1).getInt() == 1; }

  SQLite::Database& database_;
  SQLite::Statement rows_;
  SQLite::Statement parent_;
  SQLite::Statement version_;
  bool carried_;  // a segment that continues another refers to what stands there
  Seq first_;
  Seq last_;
  Verification result_;
};

}  // namespace

Result<Verification> verify(const Reader& reader, Seq after) {
  auto first = reader.first();
  if (!first) return fail(std::move(first.error()));
  return guarded("verify the journal", [&]() -> Result<Verification> {
    Check check(*reader.impl().database, *first, after);
    while (check.some()) {
    }
    check.checkpoints();
    check.open_operations();
    return check.take();
  });
}

}  // namespace bulkhead::store
