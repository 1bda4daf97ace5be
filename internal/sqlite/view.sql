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
CREATE INDEX IF NOT EXISTS group_of ON statement (origin, json_extract(body, '$.name'), idx) WHERE kind = 'group/v1' AND state = 'open';
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
  obj      INTEGER NOT NULL, -- which object of the statement it is read from; of a list the item itself
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
CREATE TABLE IF NOT EXISTS retraction (
  origin TEXT NOT NULL,
  idx    INTEGER NOT NULL,
  of_idx INTEGER NOT NULL,
  first  INTEGER NOT NULL, -- of a run of items or objects
  last   INTEGER NOT NULL,
  PRIMARY KEY (origin, of_idx, idx, first)
) WITHOUT ROWID;
-- What statements say, object by object. The columns from added on say how it came to stand here, which
-- the logs alone do not tell: they are left out of the dump, and filled by View.Shelve.
CREATE TABLE IF NOT EXISTS object (
  oid        INTEGER PRIMARY KEY,
  origin     TEXT NOT NULL,
  idx        INTEGER NOT NULL,
  n          INTEGER NOT NULL,
  media      TEXT NOT NULL, -- '' for an item of a list, which is shown as an indicator
  id         TEXT NOT NULL, -- '' if it was refused
  type       TEXT NOT NULL,
  version    TEXT NOT NULL, -- as written
  vkey       TEXT NOT NULL, -- the same in a form that sorts
  created_by TEXT NOT NULL,
  revoked    INTEGER NOT NULL,
  level      INTEGER NOT NULL, -- strictness of its marking
  gated      INTEGER NOT NULL, -- it waits for what the gate says of its items
  hash       BLOB NOT NULL, -- SHA-256 of the exact bytes
  code       TEXT NOT NULL, -- why it was refused
  retracted  INTEGER NOT NULL, -- the statement that takes it back, or -1
  added      INTEGER NOT NULL, -- when it came, own clock, Unix microseconds; 0: not placed yet
  eff        INTEGER NOT NULL, -- strictest level ever seen of this version; -1 while it is not placed, and if it is refused
  standing   TEXT NOT NULL,
  word       INTEGER NOT NULL, -- whose it is: 0 another's, 1 an own draft, 2 what the own side said
  let_in     INTEGER NOT NULL, -- when it was let in, own clock, Unix microseconds; 0: it is not
  UNIQUE (origin, idx, n)
);
CREATE INDEX IF NOT EXISTS object_by_id ON object (id, vkey, eff) WHERE id <> '';
CREATE INDEX IF NOT EXISTS object_let_in ON object (id, vkey, word DESC, let_in) WHERE let_in > 0;
CREATE TABLE IF NOT EXISTS body (
  oid INTEGER PRIMARY KEY,
  raw BLOB NOT NULL -- the exact bytes
);
CREATE TABLE IF NOT EXISTS unshelved (
  seq    INTEGER PRIMARY KEY AUTOINCREMENT,
  origin TEXT NOT NULL,
  idx    INTEGER NOT NULL,
  by_idx INTEGER NOT NULL -- the leaf that makes it stand or fall
);
CREATE TABLE IF NOT EXISTS owner (
  id      TEXT PRIMARY KEY,
  origin  TEXT NOT NULL, -- of the log that said it first
  vkey    TEXT NOT NULL, -- its latest version
  revoked INTEGER NOT NULL
) WITHOUT ROWID;
-- A shelf is a collection in the order in which things came to it. class is made of level and of the
-- strictest clearance at which this version is the last, and the first, that can be seen: see classOf.
CREATE TABLE IF NOT EXISTS shelf (
  coll  TEXT NOT NULL,
  class INTEGER NOT NULL,
  added INTEGER NOT NULL,
  oid   INTEGER NOT NULL,
  id    TEXT NOT NULL,
  type  TEXT NOT NULL,
  level INTEGER NOT NULL,
  vkey  TEXT NOT NULL,
  PRIMARY KEY (coll, class, added)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS shelf_by_type ON shelf (coll, type, class, added);
CREATE INDEX IF NOT EXISTS shelf_by_id ON shelf (coll, id, level, vkey);
CREATE INDEX IF NOT EXISTS shelf_by_version ON shelf (coll, vkey, class, added);
CREATE INDEX IF NOT EXISTS shelf_by_oid ON shelf (oid);
-- What a statement of the accord holds beside its act: approvals (verified) and the digests of all parts.
CREATE TABLE IF NOT EXISTS accord (
  origin    TEXT NOT NULL,
  idx       INTEGER NOT NULL,
  approvals TEXT NOT NULL,
  digests   TEXT NOT NULL,
  PRIMARY KEY (origin, idx)
) WITHOUT ROWID;
-- Who approved a statement of another area that officers sign: approvals, verified.
CREATE TABLE IF NOT EXISTS approval (
  origin    TEXT NOT NULL,
  idx       INTEGER NOT NULL,
  approvals TEXT NOT NULL,
  PRIMARY KEY (origin, idx)
) WITHOUT ROWID;
-- Further parts of statements of the accord, as some leaf shows them: their own, a release, a disclosure. The
-- digest is that of salt and text; one that is not in the leaf of the statement shows nothing of it.
CREATE TABLE IF NOT EXISTS accord_part (
  origin    TEXT NOT NULL,
  idx       INTEGER NOT NULL,
  part      INTEGER NOT NULL,
  by_origin TEXT NOT NULL,
  by_idx    INTEGER NOT NULL,
  digest    TEXT NOT NULL,
  text      BLOB NOT NULL,
  PRIMARY KEY (origin, idx, part, by_origin, by_idx)
);
CREATE INDEX IF NOT EXISTS accord_part_by ON accord_part (by_origin, by_idx);
-- Proofs that the owner of a log contradicted itself, as verified.
CREATE TABLE IF NOT EXISTS fork (
  origin    TEXT NOT NULL,
  by_origin TEXT NOT NULL,
  by_idx    INTEGER NOT NULL,
  by_id     TEXT NOT NULL,
  PRIMARY KEY (origin, by_origin, by_idx)
) WITHOUT ROWID;
-- Which checkpoint was signed and cosigned when, by the logged notes.
CREATE TABLE IF NOT EXISTS moment (
  origin TEXT NOT NULL,
  size   INTEGER NOT NULL,
  root   TEXT NOT NULL,
  owner  INTEGER NOT NULL, -- Unix seconds by the owner
  by     TEXT NOT NULL,    -- party id of the cosigner
  at     INTEGER NOT NULL, -- Unix seconds by the cosigner
  logged INTEGER NOT NULL, -- how many leaves of the cosigner's own log say so; 0 where another log does
  PRIMARY KEY (origin, size, root, owner, by, at, logged)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS moment_by ON moment (origin, by, logged, size) WHERE logged > 0;
CREATE INDEX IF NOT EXISTS moment_reach ON moment (origin, by, size);
CREATE INDEX IF NOT EXISTS consent ON statement (origin, idx DESC) WHERE kind = 'position/v1' AND state = 'open' AND json_extract(body, '$.stance') = 'consent';
CREATE INDEX IF NOT EXISTS statement_by_case ON statement (case_id, origin, idx) WHERE counted = 1 AND state = 'open';
