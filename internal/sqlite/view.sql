CREATE TABLE IF NOT EXISTS cursor (
  origin TEXT PRIMARY KEY,
  next   INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS statement (
  origin     TEXT NOT NULL,
  idx        INTEGER NOT NULL,
  id         TEXT NOT NULL,
  party      TEXT NOT NULL,
  time       INTEGER NOT NULL,
  at         INTEGER NOT NULL, -- the largest time claimed in this log up to here: what lists are ordered by
  state      TEXT NOT NULL,
  code       TEXT NOT NULL,
  kind       TEXT NOT NULL,
  case_id    TEXT NOT NULL,
  marking    TEXT NOT NULL,
  recipients TEXT NOT NULL,
  refs       TEXT NOT NULL,
  body       TEXT NOT NULL,
  parts      INTEGER NOT NULL,
  counted    INTEGER NOT NULL,
  PRIMARY KEY (origin, idx)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS statement_by_at ON statement (at DESC, origin, idx DESC);
CREATE INDEX IF NOT EXISTS statement_by_kind ON statement (origin, kind, idx);
CREATE INDEX IF NOT EXISTS release_of ON statement (origin, json_extract(refs, '$[0].index'), idx, id) WHERE kind = 'release/v1' AND state = 'open';
CREATE INDEX IF NOT EXISTS erasure_of ON statement (origin, json_extract(refs, '$[0].index'), json_extract(refs, '$[0].id')) WHERE kind = 'erasure/v1' AND state = 'open';
CREATE TABLE IF NOT EXISTS item (
  origin   TEXT NOT NULL,
  idx      INTEGER NOT NULL,
  n        INTEGER NOT NULL,
  type     TEXT NOT NULL,
  value    TEXT NOT NULL,
  observed TEXT NOT NULL,
  until    TEXT NOT NULL,
  context  INTEGER NOT NULL,
  note     TEXT NOT NULL,
  PRIMARY KEY (origin, idx, n)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS sighting (
  origin     TEXT NOT NULL,
  idx        INTEGER NOT NULL,
  ind_origin TEXT NOT NULL,
  ind_idx    INTEGER NOT NULL,
  item       INTEGER NOT NULL,
  type       TEXT NOT NULL,
  value      TEXT NOT NULL,
  count      INTEGER NOT NULL,
  first      TEXT NOT NULL,
  last       TEXT NOT NULL,
  PRIMARY KEY (origin, idx)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS ack (
  by_origin TEXT NOT NULL,
  by_idx    INTEGER NOT NULL,
  origin    TEXT NOT NULL,
  idx       INTEGER NOT NULL,
  id        TEXT NOT NULL, -- of the statement that is meant; of another one it acknowledges nothing
  verdict   TEXT NOT NULL,
  code      TEXT NOT NULL,
  PRIMARY KEY (origin, idx, by_origin, by_idx)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS decision (
  origin     TEXT NOT NULL,
  idx        INTEGER NOT NULL,
  ind_origin TEXT NOT NULL,
  ind_idx    INTEGER NOT NULL,
  item       INTEGER NOT NULL, -- the first of a run
  last       INTEGER NOT NULL, -- the last of it
  stance     TEXT NOT NULL,
  officer    TEXT NOT NULL,
  reason     TEXT NOT NULL,
  PRIMARY KEY (origin, idx, ind_origin, ind_idx, item)
) WITHOUT ROWID;
