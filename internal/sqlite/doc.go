// Package sqlite keeps what a node can query: the view, computed from the record, and the watch, what was seen.
//
// view.db holds projections of the logs and may be deleted at any time:
// `entente rebuild` recreates it, and View.Dump of both is equal. watch.db is
// the truth of what was seen in logs (positions, the source ledger, alerts,
// what was released) and is never rebuilt from anything.
//
// SQL lives in the .sql files beside this package and nowhere else.
package sqlite
