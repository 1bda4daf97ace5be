CREATE TABLE IF NOT EXISTS source (
  id       TEXT PRIMARY KEY,
  path     TEXT NOT NULL,
  format   TEXT NOT NULL,
  position TEXT NOT NULL,
  read     INTEGER NOT NULL,
  matched  INTEGER NOT NULL,
  clean    INTEGER NOT NULL,
  unparsed INTEGER NOT NULL,
  dropped  INTEGER NOT NULL,
  lost     TEXT NOT NULL,
  final    INTEGER NOT NULL,
  updated  INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS alert (
  source     TEXT NOT NULL,
  generation INTEGER NOT NULL,
  line       INTEGER NOT NULL,
  ind_origin TEXT NOT NULL,
  ind_idx    INTEGER NOT NULL,
  item       INTEGER NOT NULL,
  offset     INTEGER NOT NULL,
  path       TEXT NOT NULL,
  rule       TEXT NOT NULL,
  field      TEXT NOT NULL,
  seen       TEXT NOT NULL,
  type       TEXT NOT NULL,
  value      TEXT NOT NULL,
  raw        BLOB NOT NULL,
  dataset    TEXT NOT NULL,
  event_time INTEGER NOT NULL,
  held       INTEGER NOT NULL,
  PRIMARY KEY (source, generation, line, ind_origin, ind_idx, item)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS alert_by_indicator ON alert (ind_origin, ind_idx, item, held);
CREATE INDEX IF NOT EXISTS alert_held ON alert (ind_origin, ind_idx, item) WHERE held = 1;
CREATE TABLE IF NOT EXISTS hunted (
  ind_origin TEXT NOT NULL,
  ind_idx    INTEGER NOT NULL,
  source     TEXT NOT NULL,
  state      TEXT NOT NULL,
  PRIMARY KEY (ind_origin, ind_idx, source)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS sent (
  ind_origin TEXT NOT NULL,
  ind_idx    INTEGER NOT NULL,
  item       INTEGER NOT NULL,
  partner    TEXT NOT NULL,
  day        TEXT NOT NULL,
  own_idx    INTEGER NOT NULL,
  by         TEXT NOT NULL,
  at         INTEGER NOT NULL,
  PRIMARY KEY (ind_origin, ind_idx, item)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS over_budget (
  origin TEXT NOT NULL,
  idx    INTEGER NOT NULL,
  PRIMARY KEY (origin, idx)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS note (
  key   TEXT PRIMARY KEY,
  value BLOB NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS incident (
  id     TEXT PRIMARY KEY,
  type   TEXT NOT NULL,
  value  TEXT NOT NULL,
  asset  TEXT NOT NULL,
  day    INTEGER NOT NULL,
  title  TEXT NOT NULL,
  level  TEXT NOT NULL,
  count  INTEGER NOT NULL,
  first  INTEGER NOT NULL,
  last   INTEGER NOT NULL,
  stored INTEGER NOT NULL,
  state  TEXT NOT NULL,
  by     TEXT NOT NULL,
  rung   INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS incident_by_state ON incident (state, last);
CREATE INDEX IF NOT EXISTS incident_by_type ON incident (type, asset, last);
CREATE TABLE IF NOT EXISTS incident_hit (
  incident   TEXT NOT NULL,
  source     TEXT NOT NULL,
  generation INTEGER NOT NULL,
  line       INTEGER NOT NULL,
  ind_origin TEXT NOT NULL,
  ind_idx    INTEGER NOT NULL,
  item       INTEGER NOT NULL,
  PRIMARY KEY (source, generation, line, ind_origin, ind_idx, item)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS incident_hit_by_incident ON incident_hit (incident, ind_origin);
CREATE TABLE IF NOT EXISTS incident_act (
  incident TEXT NOT NULL,
  seq      INTEGER NOT NULL,
  at       INTEGER NOT NULL,
  by       TEXT NOT NULL,
  state    TEXT NOT NULL,
  reason   TEXT NOT NULL,
  PRIMARY KEY (incident, seq)
) WITHOUT ROWID;
-- When objects came, by own clock, Unix microseconds: what pages of collections are ordered by. Each row is
-- a run: object first + i of the statement came at base + i.
CREATE TABLE IF NOT EXISTS arrival (
  base   INTEGER PRIMARY KEY,
  count  INTEGER NOT NULL,
  what   TEXT NOT NULL, -- 'said': the statement came; 'in': it was let in
  origin TEXT NOT NULL,
  idx    INTEGER NOT NULL,
  by_idx INTEGER NOT NULL, -- the leaf that made it stand
  first  INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS arrival_of ON arrival (origin, idx, what, by_idx);
CREATE TABLE IF NOT EXISTS arrivals_end (
  one   INTEGER PRIMARY KEY CHECK (one = 1),
  until INTEGER NOT NULL -- every arrival lies before it
);
CREATE TABLE IF NOT EXISTS taxii_status (
  id      TEXT PRIMARY KEY,
  account TEXT NOT NULL,
  at      INTEGER NOT NULL, -- Unix milliseconds
  body    BLOB NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS taxii_status_by_at ON taxii_status (at);
CREATE INDEX IF NOT EXISTS taxii_status_by_account ON taxii_status (account, at);
-- What waits for officers: the exact bytes that they sign. A changed draft is another one.
CREATE TABLE IF NOT EXISTS accord_draft (
  id        TEXT PRIMARY KEY, -- the digest that officers sign, hex
  act       BLOB NOT NULL,
  parts     BLOB NOT NULL, -- JSON: further parts, in base64
  sealed_to TEXT NOT NULL, -- party that alone reads the parts beside the author; empty: all recipients
  by        TEXT NOT NULL,
  at        INTEGER NOT NULL, -- Unix milliseconds, own clock
  approvals BLOB NOT NULL -- JSON
) WITHOUT ROWID;
-- What the queries of clauses and corrective actions found in own logs: clause 0 is an action. Each line is in
-- one row at most, and a row is drafted once: 0 is none yet.
CREATE TABLE IF NOT EXISTS clause_hit (
  origin     TEXT NOT NULL,
  idx        INTEGER NOT NULL,
  clause     INTEGER NOT NULL,
  query      INTEGER NOT NULL,
  source     TEXT NOT NULL,
  generation INTEGER NOT NULL,
  line       INTEGER NOT NULL,
  offset     INTEGER NOT NULL,
  at         INTEGER NOT NULL, -- event time, Unix milliseconds
  name       TEXT NOT NULL, -- of the pattern or rule
  raw        BLOB, -- of the first lines of a day
  row        INTEGER NOT NULL,
  PRIMARY KEY (origin, idx, clause, query, source, generation, line)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS clause_hit_by_row ON clause_hit (origin, idx, clause, row, at);
CREATE TABLE IF NOT EXISTS clause_day (
  origin TEXT NOT NULL,
  idx    INTEGER NOT NULL,
  clause INTEGER NOT NULL,
  query  INTEGER NOT NULL,
  source TEXT NOT NULL,
  day    INTEGER NOT NULL, -- UTC, since 1970
  kept   INTEGER NOT NULL,
  over   INTEGER NOT NULL, -- beyond what is kept
  PRIMARY KEY (origin, idx, clause, query, source, day)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS clause_row (
  id      INTEGER PRIMARY KEY AUTOINCREMENT,
  origin  TEXT NOT NULL,
  idx     INTEGER NOT NULL,
  clause  INTEGER NOT NULL,
  made    INTEGER NOT NULL, -- Unix milliseconds, own clock
  slice   BLOB NOT NULL, -- the lines that the exhibit is the digest of
  exhibit TEXT NOT NULL, -- its draft; empty: to be drafted
  account TEXT NOT NULL -- the draft of the account; empty: none yet; - for never: somebody discarded the exhibit
);
CREATE INDEX IF NOT EXISTS clause_row_open ON clause_row (id) WHERE account = '';
-- What people are writing, each for itself: forms as they stand, before anything is drafted.
CREATE TABLE IF NOT EXISTS accord_writing (
  owner   TEXT NOT NULL, -- user of the console
  id      TEXT NOT NULL,
  kind    TEXT NOT NULL,
  form    BLOB NOT NULL, -- JSON: fields and their values
  draft   TEXT NOT NULL, -- the draft that was made of it, or empty
  version INTEGER NOT NULL, -- counts changes
  at      INTEGER NOT NULL, -- Unix milliseconds, own clock
  PRIMARY KEY (owner, id)
) WITHOUT ROWID;
