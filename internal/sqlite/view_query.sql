-- name: cursor
SELECT next FROM cursor WHERE origin = ?;
-- name: set_cursor
INSERT INTO cursor (origin, next) VALUES (?, ?) ON CONFLICT (origin) DO UPDATE SET next = excluded.next;
-- name: add_statement
INSERT INTO statement (origin, idx, id, party, time, at, state, code, kind, case_id, marking, recipients, refs, body, parts, counted)
VALUES (?1, ?2, ?3, ?4, ?5, MAX(?5, COALESCE((SELECT at FROM statement WHERE origin = ?1 AND idx = ?2 - 1), ?5)), ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15);
-- name: judge_again
UPDATE statement SET state = ?3, code = ?4, kind = ?5, case_id = ?6, marking = ?7, recipients = ?8, refs = ?9, body = ?10, counted = ?11
WHERE origin = ?1 AND idx = ?2;
-- name: drop_items
DELETE FROM item WHERE origin = ? AND idx = ?;
-- name: add_item
INSERT INTO item (origin, idx, n, type, value, observed, until, context, note, obj) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?);
-- name: add_sighting
INSERT INTO sighting (origin, idx, ind_origin, ind_idx, item, type, value, count, first, last) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?);
-- name: add_ack
INSERT OR IGNORE INTO ack (by_origin, by_idx, origin, idx, id, verdict, code) VALUES (?, ?, ?, ?, ?, ?, ?);
-- name: add_decision
INSERT OR IGNORE INTO decision (origin, idx, ind_origin, ind_idx, item, last, stance, officer, reason) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?);
-- name: statement
SELECT origin, idx, id, party, time, state, code, kind, case_id, marking, recipients, refs, body, parts, counted
FROM statement WHERE origin = ? AND idx = ?;
-- name: statements
SELECT origin, idx, id, party, time, state, code, kind, case_id, marking, recipients, refs, body, parts, counted
FROM statement
WHERE (?1 = '' OR party = ?1) AND (?2 = '' OR kind = ?2 AND level(marking) <= ?4) AND (?3 = 0 OR counted = 1)
ORDER BY at DESC, origin, idx DESC LIMIT ?5 OFFSET ?6;
-- name: count_statements
SELECT COUNT(*) FROM statement WHERE (?1 = '' OR party = ?1) AND (?2 = '' OR kind = ?2 AND level(marking) <= ?4) AND (?3 = 0 OR counted = 1);
-- name: of_kind
SELECT origin, idx, id, party, time, state, code, kind, case_id, marking, recipients, refs, body, parts, counted
FROM statement WHERE origin = ? AND kind = ? ORDER BY idx;
-- name: of_kind_from
SELECT origin, idx, id, party, time, state, code, kind, case_id, marking, recipients, refs, body, parts, counted
FROM statement WHERE origin = ? AND kind = ? AND idx >= ? ORDER BY idx;
-- name: of_log
SELECT origin, idx, id, party, time, state, code, kind, case_id, marking, recipients, refs, body, parts, counted
FROM statement WHERE origin = ? ORDER BY idx;
-- name: of_case
SELECT origin, idx, id, party, time, state, code, kind, case_id, marking, recipients, refs, body, parts, counted
FROM statement WHERE origin = ? AND kind = ? AND state = 'open' AND case_id = ? ORDER BY idx;
-- name: standing_releases
-- A unary plus takes the column's affinity away, or the index on expressions is passed over.
SELECT origin, idx, id, party, time, state, code, kind, case_id, marking, recipients, refs, body, parts, counted
FROM statement r INDEXED BY release_of
WHERE origin = ?1 AND kind = 'release/v1' AND state = 'open' AND json_extract(refs, '$[0].index') = ?2
  AND NOT EXISTS (SELECT 1 FROM statement e INDEXED BY erasure_of WHERE e.origin = ?1 AND e.kind = 'erasure/v1' AND e.state = 'open'
    AND json_extract(e.refs, '$[0].index') = +r.idx AND json_extract(e.refs, '$[0].id') = +r.id)
ORDER BY idx DESC LIMIT ?3;
-- name: may_erase
SELECT idx FROM statement WHERE origin = ?1 AND idx >= ?2 AND (kind = 'erasure/v1' OR kind = '' AND state = 'refused') ORDER BY idx;
-- name: newest_of_kind
SELECT origin, idx, id, party, time, state, code, kind, case_id, marking, recipients, refs, body, parts, counted
FROM statement WHERE origin = ? AND kind = ? ORDER BY idx DESC LIMIT ?;
-- name: group_now
SELECT origin, idx, id, party, time, state, code, kind, case_id, marking, recipients, refs, body, parts, counted
FROM statement INDEXED BY group_of WHERE origin = ? AND kind = 'group/v1' AND state = 'open' AND json_extract(body, '$.name') = ? ORDER BY idx DESC LIMIT 1;
-- name: left_from
SELECT origin, idx, id, party, time, state, code, kind, case_id, marking, recipients, refs, body, parts, counted
FROM statement WHERE origin = ? AND idx >= ? AND counted = 1 AND state = 'open' AND recipients <> '[]' ORDER BY idx LIMIT ?;
-- name: counted_indexes
SELECT idx FROM statement WHERE origin = ? AND counted = 1 ORDER BY idx;
-- name: list_items
SELECT n, type, value, observed, until, context, note, obj, COALESCE((SELECT MAX(o.level, o.eff) FROM object o WHERE o.origin = i.origin AND o.idx = i.idx AND o.n = i.obj), 0)
FROM item i WHERE origin = ? AND idx = ? ORDER BY n;
-- name: lists
SELECT s.origin, s.idx, s.id, s.party, s.time, s.kind, s.marking, s.recipients <> '[]', s.body, COALESCE((SELECT a.verdict FROM ack a WHERE a.origin = s.origin AND a.idx = s.idx AND a.id = s.id AND a.by_origin = ?1 ORDER BY a.by_idx LIMIT 1), '')
FROM statement s WHERE s.kind IN ('indicator/v1', 'objects/v1') AND s.state = 'open'
  AND (s.kind = 'indicator/v1' OR EXISTS (SELECT 1 FROM item i WHERE i.origin = s.origin AND i.idx = s.idx)) ORDER BY s.origin, s.idx;
-- name: shown_items
-- level is Marking.Level of border: what is no marking lies above all.
SELECT i.origin, i.idx, i.n FROM json_each(?1) j
JOIN item i ON i.origin = json_extract(j.value, '$[0]') AND i.idx = json_extract(j.value, '$[1]') AND i.n = json_extract(j.value, '$[2]')
JOIN statement s ON s.origin = i.origin AND s.idx = i.idx
WHERE level(s.marking) <= ?2 AND NOT EXISTS (SELECT 1 FROM object o WHERE o.origin = i.origin AND o.idx = i.idx AND o.n = i.obj AND MAX(o.level, o.eff) > ?2);
-- name: unacked
SELECT s.idx, s.id, s.state, s.code, s.kind FROM statement s
WHERE s.origin = ?1 AND s.counted = 1 AND s.state <> 'sealed'
  AND NOT EXISTS (SELECT 1 FROM ack a WHERE a.origin = s.origin AND a.idx = s.idx AND a.id = s.id AND a.by_origin = ?2)
  AND NOT EXISTS (SELECT 1 FROM unshelved u WHERE u.origin = s.origin AND u.idx = s.idx)
ORDER BY s.idx LIMIT ?3;
-- name: acks_of
SELECT s.party, a.verdict, a.code, s.time FROM ack a JOIN statement s ON s.origin = a.by_origin AND s.idx = a.by_idx
JOIN statement t ON t.origin = a.origin AND t.idx = a.idx AND t.id = a.id
WHERE a.origin = ? AND a.idx = ? ORDER BY s.party, a.by_idx;
-- name: acked_by
SELECT EXISTS (SELECT 1 FROM ack WHERE origin = ? AND idx = ? AND id = ? AND by_origin = ?);
-- name: acked_at
SELECT COALESCE(MIN(by_idx), -1) FROM ack WHERE origin = ? AND idx = ? AND id = ? AND by_origin = ?;
-- name: sightings
SELECT g.origin, g.idx, s.party, s.time, g.ind_origin, g.ind_idx, g.item, g.type, g.value, g.count, g.first, g.last, COALESCE(json_extract(s.body, '$.basis'), '')
FROM sighting g JOIN statement s ON s.origin = g.origin AND s.idx = g.idx
WHERE (?1 = '' OR g.origin = ?1) AND (?2 = '' OR g.origin <> ?2 AND g.ind_origin = ?2 AND NOT EXISTS (SELECT 1 FROM ack a
  WHERE a.origin = g.origin AND a.idx = g.idx AND a.by_origin = ?2 AND a.verdict = 'refused') AND EXISTS (SELECT 1 FROM item i
  WHERE i.origin = g.ind_origin AND i.idx = g.ind_idx AND i.n = g.item AND i.type = g.type AND i.value = g.value))
  AND level(s.marking) <= ?3 AND NOT EXISTS (SELECT 1 FROM item i JOIN statement l ON l.origin = i.origin AND l.idx = i.idx
    WHERE i.origin = g.ind_origin AND i.idx = g.ind_idx AND i.n = g.item AND (level(l.marking) > ?3
      OR EXISTS (SELECT 1 FROM object o WHERE o.origin = i.origin AND o.idx = i.idx AND o.n = i.obj AND MAX(o.level, o.eff) > ?3)))
ORDER BY s.at DESC, g.origin, g.idx DESC LIMIT ?4 OFFSET ?5;
-- name: count_sightings
SELECT COUNT(*) FROM sighting g JOIN statement s ON s.origin = g.origin AND s.idx = g.idx WHERE (?1 = '' OR g.origin = ?1) AND (?2 = '' OR g.origin <> ?2 AND g.ind_origin = ?2 AND NOT EXISTS (SELECT 1 FROM ack a
  WHERE a.origin = g.origin AND a.idx = g.idx AND a.by_origin = ?2 AND a.verdict = 'refused') AND EXISTS (SELECT 1 FROM item i
  WHERE i.origin = g.ind_origin AND i.idx = g.ind_idx AND i.n = g.item AND i.type = g.type AND i.value = g.value))
  AND level(s.marking) <= ?3 AND NOT EXISTS (SELECT 1 FROM item i JOIN statement l ON l.origin = i.origin AND l.idx = i.idx
    WHERE i.origin = g.ind_origin AND i.idx = g.ind_idx AND i.n = g.item AND (level(l.marking) > ?3
      OR EXISTS (SELECT 1 FROM object o WHERE o.origin = i.origin AND o.idx = i.idx AND o.n = i.obj AND MAX(o.level, o.eff) > ?3)));
-- name: told
SELECT g.type, g.value, s.party, s.id, s.recipients, g.last, level(s.marking)
FROM sighting g JOIN statement s ON s.origin = g.origin AND s.idx = g.idx
JOIN item i ON i.origin = g.ind_origin AND i.idx = g.ind_idx AND i.n = g.item AND i.type = g.type AND i.value = g.value
JOIN statement l ON l.origin = i.origin AND l.idx = i.idx
WHERE s.state = 'open' AND level(s.marking) <= ?2 AND level(l.marking) <= ?2
  AND NOT EXISTS (SELECT 1 FROM object o WHERE o.origin = i.origin AND o.idx = i.idx AND o.n = i.obj AND MAX(o.level, o.eff) > ?2)
  AND NOT EXISTS (SELECT 1 FROM ack a WHERE a.origin = g.origin AND a.idx = g.idx AND a.by_origin = ?1 AND a.verdict = 'refused')
ORDER BY s.at DESC, g.origin, g.idx DESC LIMIT ?3;
-- name: fits
SELECT COUNT(*) FROM sighting g WHERE g.origin = ?1 AND g.idx = ?3 AND (?2 = '' OR g.origin <> ?2 AND g.ind_origin = ?2 AND EXISTS (SELECT 1 FROM item i
  WHERE i.origin = g.ind_origin AND i.idx = g.ind_idx AND i.n = g.item AND i.type = g.type AND i.value = g.value));
-- name: sighted
SELECT idx FROM sighting WHERE origin = ? AND ind_origin = ? AND ind_idx = ? AND item = ? ORDER BY idx LIMIT 1;
-- name: decisions
SELECT d.ind_origin, d.ind_idx, d.item, d.last, d.stance, d.officer, d.reason, s.time
FROM decision d JOIN statement s ON s.origin = d.origin AND s.idx = d.idx WHERE d.origin = ? ORDER BY d.idx, d.ind_origin, d.ind_idx, d.item;
-- name: seen
SELECT g.type, g.value, s.party, g.last, g.ind_origin, g.ind_idx, g.item, level(s.marking) FROM sighting g JOIN statement s ON s.origin = g.origin AND s.idx = g.idx
JOIN item i ON i.origin = g.ind_origin AND i.idx = g.ind_idx AND i.n = g.item AND i.type = g.type AND i.value = g.value WHERE s.state = 'open' ORDER BY g.origin, g.idx;
-- name: last_of_kind
SELECT COALESCE(MAX(idx), -1) FROM statement WHERE origin = ? AND kind = ? AND state = 'open';
-- name: last_counted
SELECT COALESCE(MAX(idx), -1) FROM statement WHERE origin = ? AND counted = 1;
-- name: acked_count
SELECT COUNT(DISTINCT a.idx) FROM ack a JOIN statement s ON s.origin = a.origin AND s.idx = a.idx AND s.id = a.id WHERE a.origin = ? AND s.counted = 1;
-- name: search_statements
-- What stands where is found by instr: no text is a pattern. fold is Fold of this package.
SELECT origin, idx, id, party, time, state, code, kind, case_id, marking, recipients, refs, body, parts, counted, item, found FROM (
  SELECT s.*, COALESCE((SELECT i.n FROM item i WHERE i.origin = s.origin AND i.idx = s.idx
      AND NOT EXISTS (SELECT 1 FROM retraction r WHERE r.origin = i.origin AND r.of_idx = i.idx AND i.obj BETWEEN r.first AND r.last)
      AND NOT EXISTS (SELECT 1 FROM object o WHERE o.origin = i.origin AND o.idx = i.idx AND o.n = i.obj AND MAX(o.level, o.eff) > ?4)
      AND (instr(fold(i.value || char(10) || i.note), fold(?1)) > 0 OR instr(fold(i.value), fold(?2)) > 0) ORDER BY i.n LIMIT 1), -1) AS item,
    COALESCE(
      (SELECT g.type || ' ' || g.value FROM sighting g WHERE g.origin = s.origin AND g.idx = s.idx
        AND (instr(fold(g.value), fold(?1)) > 0 OR instr(fold(g.value), fold(?2)) > 0)),
      (SELECT j.key || ': ' || j.atom FROM json_tree(CASE WHEN json_valid(s.body) THEN s.body ELSE 'null' END) j
        WHERE j.type = 'text' AND (instr(fold(j.atom), fold(?1)) > 0 OR instr(fold(j.atom), fold(?2)) > 0) LIMIT 1),
      CASE WHEN instr(fold(s.kind || char(10) || s.case_id || char(10) || s.party), fold(?1)) > 0 THEN '' END) AS found
  FROM statement s WHERE s.counted = 1 AND level(s.marking) <= ?4)
WHERE item >= 0 OR found IS NOT NULL ORDER BY at DESC, origin, idx DESC LIMIT ?3;
