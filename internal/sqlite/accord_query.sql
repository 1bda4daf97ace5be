-- name: add_accord
INSERT INTO accord (origin, idx, approvals, digests) VALUES (?, ?, ?, ?);
-- name: drop_accord
DELETE FROM accord WHERE origin = ? AND idx = ?;
-- name: add_approvals
INSERT INTO approval (origin, idx, approvals) VALUES (?, ?, ?);
-- name: drop_approvals
DELETE FROM approval WHERE origin = ? AND idx = ?;
-- name: approvals
SELECT a.idx, a.approvals FROM approval a JOIN statement s ON s.origin = a.origin AND s.idx = a.idx WHERE a.origin = ? AND s.state = 'open' ORDER BY a.idx;
-- name: add_part
INSERT OR IGNORE INTO accord_part (origin, idx, part, by_origin, by_idx, digest, text) VALUES (?, ?, ?, ?, ?, ?, ?);
-- name: hide_part
-- Of a leaf's own parts the one that was erased; of what it shows of others everything: the act goes with its part.
DELETE FROM accord_part WHERE by_origin = ?1 AND by_idx = ?2 AND (origin <> ?1 OR idx <> ?2 OR part = ?3);
-- name: add_moment
INSERT OR IGNORE INTO moment (origin, size, root, owner, by, at, logged) VALUES (?, ?, ?, ?, ?, ?, ?);
-- name: accord_said
SELECT s.origin, s.idx, s.id, s.party, s.time, s.kind, s.case_id, s.marking, s.recipients, s.refs, s.body, a.approvals, a.digests
FROM accord a JOIN statement s ON s.origin = a.origin AND s.idx = a.idx WHERE s.state = 'open' ORDER BY a.origin, a.idx;
-- name: accord_from
SELECT s.origin, s.idx, s.id, s.party, s.time, s.kind, s.case_id, s.marking, s.recipients, s.refs, s.body, a.approvals, a.digests
FROM accord a JOIN statement s ON s.origin = a.origin AND s.idx = a.idx WHERE a.origin = ? AND a.idx >= ? AND s.state = 'open' ORDER BY a.idx;
-- name: accord_of_leaf
SELECT s.origin, s.idx, s.id, s.party, s.time, s.kind, s.case_id, s.marking, s.recipients, s.refs, s.body, a.approvals, a.digests
FROM accord a JOIN statement s ON s.origin = a.origin AND s.idx = a.idx WHERE a.origin = ? AND a.idx = ? AND s.state = 'open';
-- name: accord_parts
SELECT origin, idx, part, by_origin, by_idx, digest, text FROM accord_part ORDER BY origin, idx, part, by_origin, by_idx;
-- name: accord_parts_of_leaf
SELECT origin, idx, part, by_origin, by_idx, digest, text FROM accord_part WHERE origin = ? AND idx = ? ORDER BY part, by_origin, by_idx;
-- name: moments
SELECT origin, size, root, owner, by, at, logged FROM moment WHERE origin = ? AND size > 0 ORDER BY size, root, owner, by, at, logged;
-- name: timed
SELECT COALESCE(MAX(size), 0), COALESCE(MAX(owner), 0) FROM moment WHERE origin = ? AND by = ?;
-- name: last_accord
SELECT COALESCE(MAX(a.idx), -1) FROM accord a JOIN statement s ON s.origin = a.origin AND s.idx = a.idx WHERE a.origin = ? AND s.state = 'open';
-- name: cursors
SELECT origin, next FROM cursor;
-- name: add_fork
INSERT OR IGNORE INTO fork (origin, by_origin, by_idx, by_id) VALUES (?, ?, ?, ?);
-- name: hide_fork
DELETE FROM fork WHERE by_origin = ? AND by_idx = ?;
-- name: forks
SELECT origin, by_origin, by_idx, by_id FROM fork ORDER BY origin, by_origin, by_idx;
-- name: last_recorded
SELECT COALESCE(MAX((SELECT m.logged FROM moment m WHERE m.origin = c.origin AND m.by = ?1 AND m.logged > 0 AND m.size > s.idx ORDER BY m.logged LIMIT 1)), 0)
FROM cursor c JOIN statement s ON s.origin = c.origin AND s.kind = 'position/v1' AND s.state = 'open' AND json_extract(s.body, '$.stance') = 'consent'
  AND s.idx >= (SELECT COALESCE(MIN(idx), 0) FROM (SELECT idx FROM statement t WHERE t.origin = c.origin AND t.kind = 'position/v1' AND t.state = 'open'
    AND json_extract(t.body, '$.stance') = 'consent' ORDER BY t.idx DESC LIMIT 32));
