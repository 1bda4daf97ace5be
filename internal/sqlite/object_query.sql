-- name: add_object
INSERT INTO object (origin, idx, n, media, id, type, version, vkey, created_by, revoked, level, gated, hash, code, retracted, added, eff, standing, word, let_in)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, -1, 0, -1, '', 0, 0);
-- name: add_body
INSERT INTO body (oid, raw) VALUES (?, ?);
-- name: drop_bodies
DELETE FROM body WHERE oid IN (SELECT oid FROM object WHERE origin = ? AND idx = ?);
-- name: drop_objects
DELETE FROM object WHERE origin = ? AND idx = ?;
-- name: add_retraction
INSERT OR IGNORE INTO retraction (origin, idx, of_idx, first, last) VALUES (?, ?, ?, ?, ?);
-- name: retract_run
UPDATE object SET retracted = ?2 WHERE origin = ?1 AND idx = ?3 AND n BETWEEN ?4 AND ?5 AND (retracted < 0 OR retracted > ?2);
-- name: retractions_of
SELECT idx, first, last FROM retraction WHERE origin = ? AND of_idx = ? ORDER BY idx, first;
-- name: add_unshelved
INSERT INTO unshelved (origin, idx, by_idx) VALUES (?, ?, ?);
-- name: unshelved
SELECT u.seq, u.origin, u.idx, u.by_idx, s.party, s.kind, s.state, s.recipients, s.body, COALESCE((SELECT MAX(n) + 1 FROM object o WHERE o.origin = u.origin AND o.idx = u.idx), 0)
FROM unshelved u JOIN statement s ON s.origin = u.origin AND s.idx = u.idx ORDER BY u.seq LIMIT ?;
-- name: done_unshelved
DELETE FROM unshelved WHERE seq = ?;
-- name: objects_of
SELECT oid, n, media, id, type, vkey, created_by, revoked, level, gated, hash, code, retracted, added, eff, standing, word, let_in FROM object WHERE origin = ? AND idx = ? ORDER BY n;
-- name: place_object
UPDATE object SET added = ?2, eff = ?3, standing = ?4, word = ?5, let_in = ?6 WHERE oid = ?1;
-- name: unplace_objects
UPDATE object SET added = 0, let_in = 0 WHERE origin = ? AND idx = ?;
-- name: set_let_in
UPDATE object SET let_in = ?2 WHERE oid = ?1;
-- name: owner
SELECT origin, vkey, revoked FROM owner WHERE id = ?;
-- name: set_owner
INSERT INTO owner (id, origin, vkey, revoked) VALUES (?1, ?2, ?3, ?4) ON CONFLICT (id) DO UPDATE SET vkey = excluded.vkey, revoked = excluded.revoked;
-- name: strictest_of
SELECT eff FROM object WHERE id = ?1 AND vkey = ?2 AND id <> '' AND eff >= 0 AND (?3 OR origin = ?4) ORDER BY eff DESC LIMIT 1;
-- name: laxer_than
SELECT oid FROM object WHERE id = ?1 AND vkey = ?2 AND eff >= 0 AND eff < ?5 AND id <> '' AND (NOT ?3 OR origin <> ?4);
-- name: set_eff
UPDATE object SET eff = ?2 WHERE oid = ?1;
-- name: shelf_same
SELECT o.hash FROM shelf s JOIN object o ON o.oid = s.oid WHERE s.coll = ?1 AND s.id = ?2 AND s.level = ?3 AND s.vkey = ?4;
-- name: shelf_versions
SELECT COUNT(*) FROM (SELECT 1 FROM shelf WHERE coll = ? AND id = ? LIMIT ?);
-- name: add_shelf
INSERT INTO shelf (coll, class, added, oid, id, type, level, vkey) VALUES (?, ?, ?, ?, ?, ?, ?, ?);
-- name: shelves_of
SELECT coll, class, added, id, type, level, vkey FROM shelf WHERE oid = ?;
-- name: drop_shelf
DELETE FROM shelf WHERE coll = ? AND class = ? AND added = ?;
-- name: shelf_tops
SELECT class, added, vkey FROM shelf WHERE coll = ? AND id = ? AND level = ? ORDER BY vkey DESC LIMIT 2;
-- name: shelf_bottoms
SELECT class, added, vkey FROM shelf WHERE coll = ? AND id = ? AND level = ? ORDER BY vkey LIMIT 2;
-- name: set_class
UPDATE shelf SET class = ?4 WHERE coll = ?1 AND class = ?2 AND added = ?3;
-- name: on_shelf
SELECT oid FROM shelf WHERE coll = ? AND id = ?;
-- name: substitute
SELECT o.oid, o.type, o.eff, o.added, o.gated, o.standing = 'claim' AND EXISTS (SELECT 1 FROM owner w WHERE w.id = o.id AND w.origin <> o.origin)
FROM object o JOIN statement s ON s.origin = o.origin AND s.idx = o.idx
WHERE o.id = ?1 AND o.vkey = ?2 AND o.origin = ?3 AND o.oid <> ?4 AND o.retracted < 0 AND o.code = '' AND o.standing NOT LIKE 'E\_%' ESCAPE '\' AND o.added > 0 AND o.id <> ''
  AND (?5 = '' OR EXISTS (SELECT 1 FROM json_each(s.recipients) r WHERE r.value = ?5)) ORDER BY o.added LIMIT 1;
-- name: set_standing
UPDATE object SET standing = ?2 WHERE oid = ?1;
-- name: object_at
SELECT oid, media, id, type, vkey, eff, standing, retracted, added, word, let_in FROM object WHERE origin = ? AND idx = ? AND n = ?;
-- name: let_in
SELECT origin, idx, n FROM object WHERE let_in > 0 AND gated = 1 AND (word = 0 OR word = 1 AND revoked = 0);
-- name: in_same
SELECT o.oid, o.word FROM shelf s JOIN object o ON o.oid = s.oid WHERE s.coll = ?1 AND s.id = ?2 AND s.level IN (0, 1, 2, 3, 4, 5) AND s.vkey = ?3;
-- name: in_of_word
SELECT o.oid FROM shelf s JOIN object o ON o.oid = s.oid WHERE s.coll = ?1 AND s.id = ?2 AND o.word BETWEEN ?3 AND ?4;
-- name: next_in
SELECT oid, media, type, vkey, eff, word, let_in FROM object WHERE id = ?1 AND vkey = ?2 AND let_in > 0 AND retracted < 0 AND oid <> ?3 ORDER BY word DESC, let_in LIMIT 1;
-- name: others_in
SELECT oid, media, type, vkey, eff, word, let_in FROM object WHERE id = ?1 AND let_in > 0 AND retracted < 0 AND word = 0 ORDER BY let_in;
-- name: next_class
SELECT MIN(class) FROM shelf WHERE coll = ? AND class > ?;
-- name: newest
SELECT MAX(added) FROM shelf WHERE coll = ? AND class = ?;
-- name: next_class_of_type
SELECT MIN(class) FROM shelf WHERE coll = ? AND type = ? AND class > ?;
-- name: next_class_of_version
SELECT MIN(class) FROM shelf WHERE coll = ? AND vkey = ? AND class > ?;
-- name: next_class_of_version_and_type
SELECT MIN(class) FROM shelf WHERE coll = ? AND vkey = ? AND type = ? AND class > ?;
-- name: page
SELECT added, oid, coll, level FROM shelf WHERE coll = ? AND class = ? AND added > ? AND added <= ? ORDER BY added LIMIT ?;
-- name: page_of_type
SELECT added, oid, coll, level FROM shelf INDEXED BY shelf_by_type WHERE coll = ? AND type = ? AND class = ? AND added > ? AND added <= ? ORDER BY added LIMIT ?;
-- name: page_of_version
SELECT added, oid, coll, level FROM shelf INDEXED BY shelf_by_version WHERE coll = ? AND vkey = ? AND class = ? AND added > ? AND added <= ? ORDER BY added LIMIT ?;
-- name: page_of_version_and_type
SELECT added, oid, coll, level FROM shelf INDEXED BY shelf_by_version WHERE coll = ? AND vkey = ? AND type = ? AND class = ? AND added > ? AND added <= ? ORDER BY added LIMIT ?;
-- name: page_of_id
SELECT added, oid, coll, level, class, type, vkey FROM shelf INDEXED BY shelf_by_id WHERE coll = ? AND id = ? AND level <= ?;
-- name: object
SELECT o.oid, o.origin, o.idx, o.n, o.media, o.id, o.type, o.version, o.vkey, o.created_by, o.revoked, o.level, o.hash, o.code, o.retracted, o.added, o.eff, o.standing,
  s.party, s.time, s.id, COALESCE((SELECT raw FROM body b WHERE b.oid = o.oid), x'')
FROM object o JOIN statement s ON s.origin = o.origin AND s.idx = o.idx WHERE o.oid = ?;
-- name: claims
SELECT o.oid, o.origin, o.idx, o.n, o.media, o.id, o.type, o.version, o.vkey, o.created_by, o.revoked, o.level, o.hash, o.code, o.retracted, o.added, o.eff, o.standing,
  s.party, s.time, s.id, COALESCE((SELECT raw FROM body b WHERE b.oid = o.oid), x'')
FROM object o JOIN statement s ON s.origin = o.origin AND s.idx = o.idx
WHERE o.oid IN (SELECT oid FROM (
  SELECT oid, ROW_NUMBER() OVER (PARTITION BY origin ORDER BY vkey DESC, added, oid) AS nth FROM object WHERE id = ?1 AND MAX(eff, level) <= ?2 AND id <> '') WHERE nth <= ?3)
ORDER BY o.vkey DESC, o.added, o.oid;
-- name: standing_of
SELECT o.n, o.added > 0 AND o.retracted < 0 AND o.revoked = 0 AND EXISTS (SELECT 1 FROM shelf s WHERE s.oid = o.oid AND s.coll = ?3 AND s.class / 7 % 7 = 6), o.added > 0
FROM object o WHERE o.origin = ?1 AND o.idx = ?2 ORDER BY o.n;
-- name: retracted_items
SELECT origin, of_idx, first, last FROM retraction ORDER BY origin, of_idx, idx, first;
-- name: item_of
SELECT type, value, observed, until, context, note FROM item WHERE origin = ? AND idx = ? AND n = ?;
-- name: dump_objects
SELECT o.origin, o.idx, o.n, o.media, o.id, o.type, o.version, o.vkey, o.created_by, o.revoked, o.level, o.gated, hex(o.hash), o.code, o.retracted, hex(COALESCE(b.raw, ''))
FROM object o LEFT JOIN body b ON b.oid = o.oid ORDER BY o.origin, o.idx, o.n;
-- name: objects_in
SELECT o.oid, o.origin, o.idx, o.n, o.media, o.id, o.type, o.version, o.vkey, o.created_by, o.revoked, o.level, o.hash, o.code, o.retracted, o.added, o.eff, o.standing,
  s.party, s.time, s.id, COALESCE((SELECT raw FROM body b WHERE b.oid = o.oid), x'')
FROM object o JOIN statement s ON s.origin = o.origin AND s.idx = o.idx WHERE o.origin = ?1 AND o.idx = ?2 ORDER BY o.n;
-- name: known
WITH latest AS (
  SELECT MAX(o.eff, o.level) AS eff, o.standing, CASE WHEN json_valid(s.body) THEN COALESCE(json_extract(s.body, '$.account'), '') ELSE '' END AS account
  FROM owner w JOIN object o ON o.id = w.id AND o.vkey = w.vkey AND o.origin = w.origin AND o.retracted < 0 JOIN statement s ON s.origin = o.origin AND s.idx = o.idx
  WHERE w.id = ?1 AND o.id <> '')
SELECT w.origin, w.vkey, w.revoked, EXISTS (SELECT 1 FROM shelf s JOIN object o ON o.oid = s.oid WHERE s.coll = ?2 AND s.id = ?1 AND s.vkey = ?3 AND o.hash = ?4 AND s.level BETWEEN 0 AND 5),
  EXISTS (SELECT 1 FROM latest WHERE eff > ?5) AND NOT EXISTS (SELECT 1 FROM latest WHERE account = ?6 AND ?6 <> '' AND standing <> 'claim')
FROM owner w WHERE w.id = ?1;
-- name: bodies
SELECT o.oid, o.origin, o.idx, o.n, o.media, o.id, o.type, o.version, o.vkey, o.created_by, o.revoked, o.level, o.hash, o.code, o.retracted, o.added, o.eff, o.standing,
  s.party, s.time, s.id, x''
FROM object o JOIN statement s ON s.origin = o.origin AND s.idx = o.idx
WHERE o.id = ?2 AND o.id <> '' AND o.origin = ?1 AND (o.media = ?3 OR o.media = '' AND ?3 NOT LIKE '%misp%') AND o.retracted < 0 AND o.standing NOT LIKE 'E\_%' ESCAPE '\' ORDER BY o.idx, o.n;
-- name: refusals_of
SELECT COUNT(*), COALESCE(SUM(standing LIKE 'E\_%' ESCAPE '\'), 0), COALESCE(MIN(CASE WHEN standing LIKE 'E\_%' ESCAPE '\' THEN standing END), '') FROM object WHERE origin = ? AND idx = ?;
-- name: repeat_objects
WITH RECURSIVE c (i) AS (SELECT ?1 UNION ALL SELECT i + 1 FROM c WHERE i < ?2)
INSERT INTO object (origin, idx, n, media, id, type, version, vkey, created_by, revoked, level, gated, hash, code, retracted, added, eff, standing, word, let_in)
SELECT o.origin, o.idx, c.i, o.media, substr(o.id, 1, length(o.id) - 12) || printf('%012x', c.i), o.type, o.version, o.vkey, o.created_by, o.revoked, o.level, o.gated,
  o.hash, o.code, o.retracted, o.added + c.i, o.eff, o.standing, o.word, CASE WHEN o.let_in > 0 THEN o.let_in + c.i ELSE 0 END FROM c JOIN object o ON o.oid = ?3;
-- name: repeat_bodies
INSERT INTO body (oid, raw) SELECT o.oid, (SELECT raw FROM body WHERE oid = ?1) FROM object o WHERE o.n BETWEEN ?2 AND ?3 AND o.oid <> ?1;
-- name: repeat_shelf
INSERT INTO shelf (coll, class, added, oid, id, type, level, vkey)
SELECT s.coll, s.class, s.added + o.added - one.added, o.oid, o.id, o.type, s.level, s.vkey FROM object o JOIN shelf s ON s.oid = ?1 JOIN object one ON one.oid = ?1 WHERE o.origin = one.origin AND o.idx = one.idx AND o.n BETWEEN ?2 AND ?3 AND o.oid <> ?1;
-- name: oldest_object
SELECT oid FROM object WHERE added > 0 ORDER BY oid LIMIT 1;
