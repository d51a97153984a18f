-- The journal: what is not a row of `event` did not happen.
--
-- Rows are only ever added. The triggers stop accidents on any connection (also INSERT OR REPLACE, because a dense seq can't
-- be one that exists); whoever may write the file can drop them, which is what leaf hashes and checkpoints are for. No CHECK
-- uses json_valid(): with trusted_schema off SQLite 3.40 refuses it, so the writer's serializer vouches for the JSON.

CREATE TABLE meta(                     -- journal: its uuid; first_seq; format
  key   TEXT PRIMARY KEY,
  value ANY NOT NULL) STRICT, WITHOUT ROWID;

CREATE TABLE event(
  seq    INTEGER PRIMARY KEY,          -- dense from first_seq; the only global order
  at     INTEGER NOT NULL,             -- microseconds, UTC
  mono   INTEGER NOT NULL,             -- microseconds since the writer opened the journal
  stream TEXT NOT NULL CHECK(stream GLOB '?*/?*'),
  ver    INTEGER NOT NULL,             -- 1, 2, 3 ... within the stream
  type   TEXT NOT NULL,
  rev    INTEGER NOT NULL CHECK(rev >= 1),
  phase  INTEGER NOT NULL CHECK(phase BETWEEN 0 AND 2),  -- 0 fact, 1 intent, 2 outcome
  op     INTEGER CHECK((phase = 0 AND op IS NULL) OR (phase = 1 AND op = seq) OR (phase = 2 AND op < seq)),
  cause  INTEGER CHECK(cause < seq),
  root   INTEGER NOT NULL CHECK(root <= seq),
  actor  TEXT NOT NULL CHECK(actor GLOB '{*}'),
  data   TEXT NOT NULL CHECK(data GLOB '{*}'),
  leaf   BLOB NOT NULL CHECK(length(leaf) = 32)          -- store/canonical.hpp says of what
) STRICT;

CREATE UNIQUE INDEX event_stream ON event(stream, ver);
CREATE UNIQUE INDEX event_op ON event(op, phase) WHERE op IS NOT NULL;
CREATE INDEX event_root ON event(root) WHERE root <> seq;

CREATE TABLE checkpoint(
  size INTEGER PRIMARY KEY,            -- of the Merkle tree: the events before it
  root BLOB NOT NULL CHECK(length(root) = 32),
  at   INTEGER NOT NULL,
  note TEXT NOT NULL                   -- signed
) STRICT;

-- Filled once, when a segment continues another: how far each stream had come, which operations were open.
CREATE TABLE carried_stream(stream TEXT PRIMARY KEY, ver INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE carried_op(op INTEGER PRIMARY KEY) STRICT;

CREATE TRIGGER event_no_update BEFORE UPDATE ON event BEGIN SELECT RAISE(ABORT, 'append-only'); END;
CREATE TRIGGER event_no_delete BEFORE DELETE ON event BEGIN SELECT RAISE(ABORT, 'append-only'); END;

CREATE TRIGGER event_dense BEFORE INSERT ON event
  WHEN NEW.seq IS NOT (SELECT COALESCE(MAX(seq), (SELECT value FROM meta WHERE key = 'first_seq') - 1) + 1 FROM event)
    OR NEW.ver IS NOT (SELECT COALESCE(MAX(ver), (SELECT ver FROM carried_stream WHERE stream = NEW.stream), 0) + 1
                       FROM event WHERE stream = NEW.stream)
    OR (NEW.phase = 2 AND (EXISTS (SELECT 1 FROM event WHERE op = NEW.op AND phase = 2)
                           OR NOT (EXISTS (SELECT 1 FROM event WHERE op = NEW.op AND phase = 1)
                                   OR EXISTS (SELECT 1 FROM carried_op WHERE op = NEW.op))))
  BEGIN SELECT RAISE(ABORT, 'gap, replace, or outcome without open intent'); END;
