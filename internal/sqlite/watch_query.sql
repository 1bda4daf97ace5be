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
SELECT source, generation, line, event_time FROM alert WHERE ind_origin = ? AND ind_idx = ? AND item = ? AND held = 1 ORDER BY source, generation, line;
-- name: held_items
SELECT DISTINCT ind_origin, ind_idx, item FROM alert WHERE held = 1 ORDER BY ind_origin, ind_idx, item;
-- name: hit_items
SELECT DISTINCT ind_origin, ind_idx, item FROM alert;
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
INSERT OR IGNORE INTO sent (ind_origin, ind_idx, item, partner, day, own_idx, by, at)
VALUES (?1, ?2, ?3, ?4, MAX(?5, COALESCE((SELECT MAX(day) FROM sent WHERE partner = ?4), ?5)), ?6, ?7, ?8);
-- name: sent_on
SELECT COUNT(*) FROM sent WHERE partner = ? AND day >= ?;
-- name: sent_one
SELECT own_idx, by, at FROM sent WHERE ind_origin = ? AND ind_idx = ? AND item = ?;
-- name: add_over
INSERT OR IGNORE INTO over_budget (origin, idx) VALUES (?, ?);
-- name: over
SELECT origin, idx FROM over_budget ORDER BY origin, idx;
-- name: get_note
SELECT value FROM note WHERE key = ?;
-- name: put_note
INSERT INTO note (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value;
-- name: drop_note
DELETE FROM note WHERE key = ?;
-- name: new_incident
INSERT OR IGNORE INTO incident (id, type, value, asset, day, title, level, count, first, last, stored, state, by, rung)
VALUES (?, ?, ?, ?, ?, ?, ?, 0, 0, 0, ?, 'open', '', 0);
-- name: add_incident_hit
INSERT OR IGNORE INTO incident_hit (incident, source, generation, line, ind_origin, ind_idx, item) VALUES (?, ?, ?, ?, ?, ?, ?);
-- name: line_in_incident
SELECT EXISTS (SELECT 1 FROM incident_hit h JOIN alert a USING (source, generation, line, ind_origin, ind_idx, item)
WHERE h.source = ? AND h.generation = ? AND h.line = ? AND h.incident = ? AND a.held = 0);
-- name: grow_incident
UPDATE incident SET count = count + 1,
  first = CASE WHEN ?2 > 0 AND (first = 0 OR ?2 < first) THEN ?2 ELSE first END,
  last = MAX(last, ?2) WHERE id = ?1;
-- name: incident_of
SELECT incident FROM incident_hit WHERE source = ? AND generation = ? AND line = ? AND ind_origin = ? AND ind_idx = ? AND item = ?;
-- name: incidents
SELECT id, type, value, asset, day, title, level, count, first, last, stored, state, by, rung FROM incident
WHERE count > 0 AND (?1 = '' OR state = ?1) AND (?2 = '' OR instr(fold(value || char(10) || asset || char(10) || title), fold(?2)) > 0)
  AND (?3 = '' OR EXISTS (SELECT 1 FROM incident_hit h WHERE h.incident = incident.id AND (h.ind_origin = ?3 OR ?4 <> '' AND substr(h.ind_origin, 1, length(?4)) = ?4)))
ORDER BY last DESC, id LIMIT ?5 OFFSET ?6;
-- name: count_incidents
SELECT COUNT(*) FROM incident
WHERE count > 0 AND (?1 = '' OR state = ?1) AND (?2 = '' OR instr(fold(value || char(10) || asset || char(10) || title), fold(?2)) > 0)
  AND (?3 = '' OR EXISTS (SELECT 1 FROM incident_hit h WHERE h.incident = incident.id AND (h.ind_origin = ?3 OR ?4 <> '' AND substr(h.ind_origin, 1, length(?4)) = ?4)));
-- name: incidents_about
SELECT id, type, value, asset, day, title, level, count, first, last, stored, state, by, rung FROM (
  SELECT *, ROW_NUMBER() OVER (PARTITION BY asset ORDER BY state IN (?2, ?3), last DESC, id) AS place FROM incident WHERE type = ?1 AND count > 0
) WHERE place <= ?4 ORDER BY last DESC, id;
-- name: incident
SELECT id, type, value, asset, day, title, level, count, first, last, stored, state, by, rung FROM incident WHERE id = ? AND count > 0;
-- name: incident_givers
SELECT DISTINCT ind_origin FROM incident_hit WHERE incident = ? ORDER BY ind_origin;
-- name: incident_keys
SELECT DISTINCT ind_origin, ind_idx, item FROM incident_hit WHERE incident = ? ORDER BY ind_origin, ind_idx, item;
-- name: incident_acts
SELECT at, by, state, reason FROM incident_act WHERE incident = ? ORDER BY seq;
-- name: add_act
INSERT INTO incident_act (incident, seq, at, by, state, reason)
SELECT ?1, COALESCE(MAX(seq) + 1, 0), ?2, ?3, ?4, ?5 FROM incident_act WHERE incident = ?1;
-- name: set_incident
UPDATE incident SET state = ?2, by = ?3 WHERE id = ?1 AND count > 0;
-- name: incident_hits
SELECT a.source, a.generation, a.line, a.ind_origin, a.ind_idx, a.item, a.offset, a.path, a.rule, a.field, a.seen, a.type, a.value, a.raw, a.dataset, a.event_time, a.held
FROM incident_hit h JOIN alert a USING (source, generation, line, ind_origin, ind_idx, item)
WHERE h.incident = ? AND a.held = 0 ORDER BY a.event_time DESC, a.source, a.generation, a.line DESC LIMIT ?;
-- name: incident_hours
SELECT a.event_time / 3600000, COUNT(DISTINCT a.source || ' ' || a.generation || ' ' || a.line)
FROM incident_hit h JOIN alert a USING (source, generation, line, ind_origin, ind_idx, item)
WHERE h.incident = ? AND a.held = 0 GROUP BY 1 ORDER BY 1;
-- name: incident_days
SELECT day, SUM(count), COUNT(*) FROM incident
WHERE count > 0 AND (?1 = '' OR state = ?1) AND (?2 = '' OR instr(fold(value || char(10) || asset || char(10) || title), fold(?2)) > 0)
  AND (?3 = '' OR EXISTS (SELECT 1 FROM incident_hit h WHERE h.incident = incident.id AND (h.ind_origin = ?3 OR ?4 <> '' AND substr(h.ind_origin, 1, length(?4)) = ?4)))
  AND day >= ?5 GROUP BY day ORDER BY day;
-- name: giver_states
SELECT h.ind_origin, i.state, COUNT(DISTINCT i.id) FROM incident i JOIN incident_hit h ON h.incident = i.id
WHERE i.count > 0 GROUP BY h.ind_origin, i.state ORDER BY h.ind_origin, i.state;
-- name: ringing
SELECT id, type, value, asset, day, title, level, count, first, last, stored, state, by, rung FROM incident
WHERE count > 0 AND state = 'open' AND rung < ?1 AND stored <= ?2 ORDER BY stored, id LIMIT 100;
-- name: set_rung
UPDATE incident SET rung = ?2 WHERE id = ?1;
-- name: search_groups
SELECT ind_origin, ind_idx, item, type, value, COUNT(*), MIN(CASE WHEN event_time > 0 THEN event_time END), MAX(event_time), MAX(held), COUNT(DISTINCT source),
  MAX(instr(fold(value || char(10) || path), fold(?1)) > 0 OR instr(fold(value), fold(?2)) > 0)
FROM alert WHERE held = 0 GROUP BY ind_origin, ind_idx, item ORDER BY MAX(event_time) DESC, ind_origin, ind_idx, item;
-- name: arrival
SELECT base FROM arrival WHERE origin = ? AND idx = ? AND what = 'said' AND by_idx = ? ORDER BY base DESC LIMIT 1;
-- name: runs_in
SELECT base, count, first FROM arrival WHERE origin = ? AND idx = ? AND what = 'in' ORDER BY base;
-- name: add_arrival
INSERT INTO arrival (base, count, what, origin, idx, by_idx, first) VALUES (?, ?, ?, ?, ?, ?, ?);
-- name: drop_arrival
DELETE FROM arrival WHERE base = ?;
-- name: arrivals_end
SELECT until FROM arrivals_end;
-- name: set_arrivals_end
INSERT INTO arrivals_end (one, until) VALUES (1, ?) ON CONFLICT (one) DO UPDATE SET until = excluded.until;
-- name: put_taxii_status
INSERT INTO taxii_status (id, account, at, body) VALUES (?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET body = excluded.body WHERE account = excluded.account;
-- name: drop_taxii_statuses
DELETE FROM taxii_status WHERE at < ?;
-- name: drop_taxii_statuses_of
DELETE FROM taxii_status WHERE id IN (
  SELECT id FROM (SELECT id, ROW_NUMBER() OVER w AS nth, SUM(LENGTH(body)) OVER w AS size FROM taxii_status WHERE account = ?1 WINDOW w AS (ORDER BY at DESC, id))
  WHERE nth > 1 AND (nth > ?2 OR size > ?3));
-- name: taxii_status
SELECT body FROM taxii_status WHERE id = ? AND account = ? AND at >= ?;
-- name: put_draft
INSERT INTO accord_draft (id, act, parts, sealed_to, by, at, approvals) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT (id) DO NOTHING;
-- name: approve_draft
UPDATE accord_draft SET approvals = ?2 WHERE id = ?1;
-- name: drop_draft
DELETE FROM accord_draft WHERE id = ?;
-- name: drafts
SELECT id, act, parts, sealed_to, by, at, approvals FROM accord_draft WHERE ?1 = '' OR id = ?1 ORDER BY at, id;
-- name: count_drafts
SELECT COUNT(*) FROM accord_draft;
-- name: clause_kept
SELECT kept FROM clause_day WHERE origin = ? AND idx = ? AND clause = ? AND query = ? AND source = ? AND day = ?;
-- name: add_clause_hit
INSERT OR IGNORE INTO clause_hit (origin, idx, clause, query, source, generation, line, offset, at, name, raw, row)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0);
-- name: count_clause_hit
INSERT INTO clause_day (origin, idx, clause, query, source, day, kept, over) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
ON CONFLICT (origin, idx, clause, query, source, day) DO UPDATE SET kept = kept + ?7, over = over + ?8;
-- name: clause_in_row
SELECT COUNT(*) FROM clause_hit WHERE origin = ? AND idx = ? AND clause = ? AND row = ? AND at >= ? AND at < ?;
-- name: clause_tally
SELECT h.query, h.source, h.name, h.at / 86400000, COUNT(*), MIN(h.at), MAX(h.at),
  COALESCE((SELECT d.over FROM clause_day d WHERE d.origin = h.origin AND d.idx = h.idx AND d.clause = h.clause
    AND d.query = h.query AND d.source = h.source AND d.day = h.at / 86400000), 0)
FROM clause_hit h WHERE h.origin = ? AND h.idx = ? AND h.clause = ? AND h.row = ? AND h.at >= ? AND h.at < ?
GROUP BY h.query, h.source, h.name, h.at / 86400000 ORDER BY h.query, h.source, h.name, h.at / 86400000;
-- name: clause_lines
SELECT query, source, generation, line, offset, at, name, raw FROM clause_hit
WHERE origin = ? AND idx = ? AND clause = ? AND row = ? AND at >= ? AND at < ? ORDER BY at, query, source, generation, line LIMIT ?;
-- name: take_clause_hits
UPDATE clause_hit SET row = ?4 WHERE origin = ?1 AND idx = ?2 AND clause = ?3 AND row = 0 AND at >= ?5 AND at < ?6;
-- name: free_clause_hits
UPDATE clause_hit SET row = 0 WHERE origin = ? AND idx = ? AND clause = ? AND row = ?;
-- name: add_clause_row
INSERT INTO clause_row (origin, idx, clause, made, slice, exhibit, account) VALUES (?, ?, ?, ?, x'', '', '');
-- name: set_clause_row
UPDATE clause_row SET made = ?, slice = ?, exhibit = ? WHERE id = ?;
-- name: end_clause_row
UPDATE clause_row SET account = ? WHERE id = ?;
-- name: drop_clause_row
DELETE FROM clause_row WHERE id = ?;
-- name: clause_rows
SELECT id, origin, idx, clause, made, slice, exhibit, account FROM clause_row WHERE account = '' ORDER BY id;
-- name: clause_row_of
SELECT id, origin, idx, clause, made, slice, exhibit, account FROM clause_row WHERE exhibit = ?1 OR account = ?1 ORDER BY id DESC LIMIT 1;
-- name: clause_found
SELECT origin, idx, clause, query, SUM(kept), SUM(over) FROM clause_day GROUP BY origin, idx, clause, query ORDER BY origin, idx, clause, query;
-- name: put_writing
INSERT INTO accord_writing (owner, id, kind, form, draft, version, at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
ON CONFLICT (owner, id) DO UPDATE SET form = excluded.form, draft = excluded.draft, version = excluded.version, at = excluded.at;
-- name: writings
SELECT owner, id, kind, form, draft, version, at FROM accord_writing WHERE owner = ?1 AND (?2 = '' OR id = ?2) ORDER BY at DESC, id;
-- name: drop_writing
DELETE FROM accord_writing WHERE owner = ? AND id = ?;
-- name: drop_writing_said
DELETE FROM accord_writing WHERE draft = ?;
