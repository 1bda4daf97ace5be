-- Stands before every query of the watch for a viewer who may not see all of it: the tables that the query
-- names are these then. :shown is the list of items that the viewer may see.
WITH alert AS (
  SELECT * FROM main.alert WHERE ind_origin || ' ' || ind_idx || ' ' || item IN (SELECT value FROM json_each(:shown))
), incident_hit AS (
  SELECT * FROM main.incident_hit WHERE ind_origin || ' ' || ind_idx || ' ' || item IN (SELECT value FROM json_each(:shown))
), sent AS (
  SELECT * FROM main.sent WHERE ind_origin || ' ' || ind_idx || ' ' || item IN (SELECT value FROM json_each(:shown))
), incident AS (
  SELECT i.id, i.type, i.value, i.asset, i.day, i.title, i.level, c.count, c.first, c.last, i.stored, i.state, i.by, i.rung
  FROM main.incident i JOIN (
    SELECT h.incident AS id, COUNT(DISTINCT a.source || ' ' || a.generation || ' ' || a.line) AS count,
      COALESCE(MIN(CASE WHEN a.event_time > 0 THEN a.event_time END), 0) AS first, MAX(0, MAX(a.event_time)) AS last
    FROM incident_hit h JOIN alert a USING (source, generation, line, ind_origin, ind_idx, item)
    WHERE a.held = 0 GROUP BY h.incident) c ON c.id = i.id
), source AS (
  SELECT s.id, s.path, s.format, s.position, s.read, MIN(s.matched, s.met) AS matched, s.clean + s.matched - MIN(s.matched, s.met) AS clean,
    s.unparsed, s.dropped, s.lost, s.final, s.updated
  FROM (SELECT o.*, (SELECT COUNT(*) FROM (SELECT DISTINCT generation, line FROM alert a WHERE a.source = o.id AND a.held = 0)) AS met FROM main.source o) s
)
