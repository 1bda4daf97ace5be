-- name: position
SELECT position FROM source WHERE id = ?;
-- name: sources
SELECT id, path, format, position, read, matched, clean, unparsed, dropped, lost, final, updated FROM source ORDER BY id;
-- name: put_source
INSERT INTO source (id, path, format, position, read, matched, clean, unparsed, dropped, lost, final, updated)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (id) DO UPDATE SET path = excluded.path, format = excluded.format, position = excluded.position,
  read = read + excluded.read, matched = matched + excluded.matched, clean = clean + excluded.clean,
  unparsed = unparsed + excluded.unparsed, dropped = dropped + excluded.dropped,
  lost = CASE WHEN excluded.lost = '' THEN lost ELSE excluded.lost END, final = excluded.final, updated = excluded.updated;
-- name: reclassify
UPDATE source SET matched = matched + ?2, clean = clean - ?2 WHERE id = ?1;
-- name: add_alert
INSERT OR IGNORE INTO alert (source, generation, line, ind_origin, ind_idx, item, offset, path, rule, field, seen, type, value, raw, dataset, event_time, held)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?);
-- name: line_matched
SELECT EXISTS (SELECT 1 FROM alert WHERE source = ? AND generation = ? AND line = ? AND held = 0);
-- name: held_lines
SELECT source, generation, line FROM alert WHERE ind_origin = ? AND ind_idx = ? AND item = ? AND held = 1 ORDER BY source, generation, line;
-- name: held_items
SELECT DISTINCT ind_origin, ind_idx, item FROM alert WHERE held = 1 ORDER BY ind_origin, ind_idx, item;
-- name: activate
UPDATE alert SET held = 0 WHERE ind_origin = ? AND ind_idx = ? AND item = ?;
-- name: groups
SELECT ind_origin, ind_idx, item, type, value, COUNT(*), MIN(CASE WHEN event_time > 0 THEN event_time END), MAX(event_time), MAX(held), COUNT(DISTINCT source)
FROM alert WHERE held = ?1 GROUP BY ind_origin, ind_idx, item
ORDER BY MAX(event_time) DESC, ind_origin, ind_idx, item LIMIT ?2 OFFSET ?3;
-- name: group
SELECT ind_origin, ind_idx, item, type, value, COUNT(*), MIN(CASE WHEN event_time > 0 THEN event_time END), MAX(event_time), MAX(held), COUNT(DISTINCT source)
FROM alert WHERE ind_origin = ? AND ind_idx = ? AND item = ? GROUP BY ind_origin, ind_idx, item;
-- name: count_groups
SELECT COUNT(*) FROM (SELECT 1 FROM alert WHERE held = ? GROUP BY ind_origin, ind_idx, item);
-- name: hits
SELECT source, generation, line, offset, path, rule, field, seen, raw, dataset, event_time, held
FROM alert WHERE ind_origin = ? AND ind_idx = ? AND item = ? ORDER BY event_time DESC, source, generation, line DESC LIMIT ?;
-- name: count_alerts
SELECT COALESCE(SUM(held = 0), 0), COALESCE(SUM(held = 1), 0) FROM alert;
-- name: recount
SELECT COUNT(*) FROM (SELECT DISTINCT generation, line FROM alert WHERE source = ? AND held = 0);
-- name: totals
SELECT COALESCE(SUM(read), 0), COALESCE(SUM(matched), 0), COALESCE(SUM(clean), 0), COALESCE(SUM(unparsed), 0), COALESCE(SUM(dropped), 0) FROM source;
-- name: set_hunted
INSERT OR REPLACE INTO hunted (ind_origin, ind_idx, source, state) VALUES (?, ?, ?, ?);
-- name: hunts
SELECT ind_origin, ind_idx, source, state FROM hunted ORDER BY ind_origin, ind_idx, source;
-- name: add_sent
INSERT OR IGNORE INTO sent (ind_origin, ind_idx, item, partner, day, own_idx, by, at) VALUES (?, ?, ?, ?, ?, ?, ?, ?);
-- name: sent_on
SELECT COUNT(*) FROM sent WHERE partner = ? AND day = ?;
-- name: sent_one
SELECT own_idx, by, at FROM sent WHERE ind_origin = ? AND ind_idx = ? AND item = ?;
-- name: get_note
SELECT value FROM note WHERE key = ?;
-- name: put_note
INSERT INTO note (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value;
